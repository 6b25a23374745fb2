// Check verifies a published transparency log with the packages of the Go checksum database, independently of
// the code that wrote it.
//
//	check DIRECTORY [OLDER-CHECKPOINT]
//
// The directory holds what is served under /log: checkpoint, key, tile/… and tile/entries/…, and optionally a
// file "proofs" with lines "record INDEX HASH…" and "tree OLD-SIZE OLD-ROOT HASH…" in base64.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height = 8
	width  = 1 << height
)

func main() {
	if len(os.Args) != 2 && len(os.Args) != 3 {
		fmt.Println("usage: check DIRECTORY [OLDER-CHECKPOINT]")
		os.Exit(1)
	}
	tree, err := check(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ok", tree.N, tree.Hash)
}

func check(dir string, older []string) (tlog.Tree, error) {
	key, err := os.ReadFile(filepath.Join(dir, "key"))
	if err != nil {
		return tlog.Tree{}, err
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(key)))
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("key: %w", err)
	}
	tree, err := openCheckpoint(filepath.Join(dir, "checkpoint"), verifier)
	if err != nil {
		return tree, fmt.Errorf("checkpoint: %w", err)
	}
	hashes, err := readTiles(dir, tree)
	if err != nil {
		return tree, fmt.Errorf("tiles: %w", err)
	}
	if err := checkEntries(dir, tree, hashes); err != nil {
		return tree, fmt.Errorf("entries: %w", err)
	}
	if err := checkProofs(filepath.Join(dir, "proofs"), tree, hashes); err != nil {
		return tree, fmt.Errorf("proofs: %w", err)
	}
	for _, path := range older {
		old, err := openCheckpoint(path, verifier)
		if err != nil {
			return tree, fmt.Errorf("older checkpoint: %w", err)
		}
		if err := checkGrowth(old, tree, hashes); err != nil {
			return tree, fmt.Errorf("consistency with size %d: %w", old.N, err)
		}
	}
	return tree, nil
}

// openCheckpoint checks the signature and reads the tree head. Past the first line, which names the log, a
// C2SP checkpoint is the same as the tree note of the Go checksum database.
func openCheckpoint(path string, verifier note.Verifier) (tlog.Tree, error) {
	signed, err := os.ReadFile(path)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	origin, head, _ := strings.Cut(opened.Text, "\n")
	if origin != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("origin %q is not the name of the key", origin)
	}
	return tlog.ParseTree([]byte("go.sum database tree\n" + head))
}

// tiles reads hash tiles from files named after C2SP tlog-tiles.
type tiles struct{ dir string }

func (t tiles) Height() int { return height }

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(wanted))
	for i, tile := range wanted {
		// The Go checksum database writes the height into the path, C2SP does not.
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
		content, err := os.ReadFile(filepath.Join(t.dir, path))
		if err != nil {
			return nil, err
		}
		data[i] = content
	}
	return data, nil
}

// readTiles returns every hash of the tree by its storage index, read from all tiles and checked against the
// root in the checkpoint.
func readTiles(dir string, tree tlog.Tree) (tlog.HashReaderFunc, error) {
	if tree.N == 0 {
		if tree.Hash != sha256.Sum256(nil) {
			return nil, errors.New("wrong root of the empty tree")
		}
		return func([]int64) ([]tlog.Hash, error) { return nil, errors.New("the tree is empty") }, nil
	}
	indexes := make([]int64, tlog.StoredHashCount(tree.N))
	for i := range indexes {
		indexes[i] = int64(i)
	}
	all, err := tlog.TileHashReader(tree, tiles{dir}).ReadHashes(indexes)
	if err != nil {
		return nil, err
	}
	reader := func(wanted []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(wanted))
		for i, index := range wanted {
			if index < 0 || index >= int64(len(all)) {
				return nil, fmt.Errorf("no hash %d in the tree", index)
			}
			found[i] = all[index]
		}
		return found, nil
	}
	return reader, checkHashes(tree, all, reader)
}

// checkHashes hashes the whole tree again. TileHashReader is not enough here: where several complete subtrees at
// the right edge share a tile, it takes as many of the other tiles as there are shared ones unchecked.
func checkHashes(tree tlog.Tree, all []tlog.Hash, reader tlog.HashReaderFunc) error {
	for i, hash := range all {
		level, n := tlog.SplitStoredHashIndex(int64(i))
		if level == 0 {
			continue
		}
		left, right := tlog.StoredHashIndex(level-1, 2*n), tlog.StoredHashIndex(level-1, 2*n+1)
		if hash != tlog.NodeHash(all[left], all[right]) {
			return fmt.Errorf("inconsistent hash %d of level %d", n, level)
		}
	}
	root, err := tlog.TreeHash(tree.N, reader)
	if err == nil && root != tree.Hash {
		err = errors.New("another root than in the checkpoint")
	}
	return err
}

// checkEntries hashes every entry of every bundle and proves its inclusion.
func checkEntries(dir string, tree tlog.Tree, hashes tlog.HashReader) error {
	for first := int64(0); first < tree.N; first += width {
		tile := tlog.Tile{H: height, L: 0, N: first / width, W: width}
		if tree.N-first < width {
			tile.W = int(tree.N - first)
		}
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/0/", height), "tile/entries/", 1)
		bundle, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return err
		}
		entries, err := split(bundle, tile.W)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for i, entry := range entries {
			if err := checkRecord(tree, first+int64(i), tlog.RecordHash(entry), hashes); err != nil {
				return fmt.Errorf("%s: entry %d: %w", path, i, err)
			}
		}
	}
	return nil
}

func split(bundle []byte, count int) ([][]byte, error) {
	entries := make([][]byte, 0, count)
	for len(bundle) > 0 {
		if len(bundle) < 2 {
			return nil, errors.New("ends within a length")
		}
		length := int(binary.BigEndian.Uint16(bundle))
		bundle = bundle[2:]
		if len(bundle) < length {
			return nil, errors.New("ends within an entry")
		}
		entries = append(entries, bundle[:length])
		bundle = bundle[length:]
	}
	if len(entries) != count {
		return nil, fmt.Errorf("%d entries, want %d", len(entries), count)
	}
	return entries, nil
}

func checkRecord(tree tlog.Tree, index int64, leaf tlog.Hash, hashes tlog.HashReader) error {
	proof, err := tlog.ProveRecord(tree.N, index, hashes)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf)
}

func checkGrowth(old, tree tlog.Tree, hashes tlog.HashReader) error {
	if old.N == 0 {
		if old.Hash != sha256.Sum256(nil) {
			return errors.New("wrong root of the empty tree")
		}
		return nil
	}
	proof, err := tlog.ProveTree(tree.N, old.N, hashes)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash)
}

// checkProofs checks proofs that the log itself has made, when there are any.
func checkProofs(path string, tree tlog.Tree, hashes tlog.HashReader) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, line := range strings.Split(string(bytes.TrimSpace(data)), "\n") {
		if err := checkProof(strings.Fields(line), tree, hashes); err != nil {
			return fmt.Errorf("%q: %w", line, err)
		}
	}
	return nil
}

func checkProof(fields []string, tree tlog.Tree, hashes tlog.HashReader) error {
	if len(fields) < 2 {
		return errors.New("malformed line")
	}
	number, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return err
	}
	path := make([]tlog.Hash, len(fields)-2)
	for i, field := range fields[2:] {
		if path[i], err = tlog.ParseHash(field); err != nil {
			return err
		}
	}
	switch {
	case fields[0] == "record":
		leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, number)})
		if err != nil {
			return err
		}
		return tlog.CheckRecord(path, tree.N, tree.Hash, number, leaf[0])
	case fields[0] == "tree" && len(path) > 0:
		return tlog.CheckTree(path[1:], tree.N, tree.Hash, number, path[0])
	}
	return errors.New("malformed line")
}
