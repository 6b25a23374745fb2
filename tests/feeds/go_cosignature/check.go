// Check opens a checkpoint with the note package of the Go checksum database, by the log's key alone or with the
// keys of witnesses too, which are checked here after C2SP tlog-cosignature.
//
//	check CHECKPOINT LOG-KEY [WITNESS-KEY…]
//
// It prints the names whose signatures hold, and how many other signatures there are.
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

const (
	algorithm = 4
	stampSize = 8
)

type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (w witness) Name() string    { return w.name }
func (w witness) KeyHash() uint32 { return w.hash }

func (w witness) Verify(text, signature []byte) bool {
	if len(signature) != stampSize+ed25519.SignatureSize {
		return false
	}
	stamp := binary.BigEndian.Uint64(signature)
	message := append([]byte("cosignature/v1\ntime "+strconv.FormatUint(stamp, 10)+"\n"), text...)
	return ed25519.Verify(w.key, message, signature[stampSize:])
}

func newWitness(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("malformed key of a witness")
	}
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, err
	}
	if len(raw) != 1+ed25519.PublicKeySize || raw[0] != algorithm {
		return nil, errors.New("not a key for cosignature/v1")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), raw...))
	hash := binary.BigEndian.Uint32(sum[:])
	if fmt.Sprintf("%08x", hash) != parts[1] {
		return nil, errors.New("wrong hash in the key of a witness")
	}
	return witness{parts[0], hash, raw[1:]}, nil
}

func check(path string, keys []string) (*note.Note, error) {
	signed, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	verifier, err := note.NewVerifier(keys[0])
	if err != nil {
		return nil, err
	}
	verifiers := []note.Verifier{verifier}
	for _, key := range keys[1:] {
		other, err := newWitness(key)
		if err != nil {
			return nil, err
		}
		verifiers = append(verifiers, other)
	}
	return note.Open(signed, note.VerifierList(verifiers...))
}

func main() {
	if len(os.Args) < 3 {
		fmt.Println("usage: check CHECKPOINT LOG-KEY [WITNESS-KEY…]")
		os.Exit(1)
	}
	opened, err := check(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	names := make([]string, 0, len(opened.Sigs))
	for _, signature := range opened.Sigs {
		names = append(names, signature.Name)
	}
	fmt.Println("ok", strings.Join(names, " "), len(opened.UnverifiedSigs))
}
