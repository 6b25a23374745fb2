/* Saves what is typed into a draft after a pause, and brings what was read from it. The buttons work without it. */
"use strict";

(() => {
  const form = document.getElementById("draft-form");
  const said = document.getElementById("saved");
  if (!form || !said) return;
  const PAUSE = 1200;
  let version = form.dataset.autosave;
  let timer = 0;
  let changes = 0;
  let busy = false;
  let stopped = false;
  let leaving = false;

  const say = (name, wrong = false) => {
    said.textContent = said.dataset[name];
    said.classList.toggle("wrong", wrong);
  };

  const stop = (name) => {
    stopped = true;
    say(name, true);
  };

  const later = (pause) => {
    clearTimeout(timer);
    timer = setTimeout(save, pause);
  };

  const values = (part) =>
    new Map([...part.querySelectorAll("input, textarea, select")].filter((one) => one.name).map((one) => [one.name, one.value]));

  // What was typed into a part that is brought anew stays typed.
  const renew = (old, fresh, keep) => {
    if (!fresh || old.contains(document.activeElement)) return;
    if (keep) {
      const typed = values(old);
      for (const one of fresh.querySelectorAll("input")) {
        if (typed.has(one.name) && one.type !== "hidden") one.value = typed.get(one.name);
      }
    }
    const open = old.querySelector("details[open]");
    old.replaceChildren(...fresh.childNodes);
    if (open) old.querySelector("details")?.setAttribute("open", "");
  };

  const show = (text, untouched) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    if (untouched) {
      for (const part of document.querySelectorAll("[data-derived], [data-follow]")) {
        renew(part, page.getElementById(part.id), false);
      }
    }
    for (const part of document.querySelectorAll("[data-live]")) {
      renew(part, page.getElementById(part.id), true);
    }
  };

  async function save() {
    if (busy || stopped || leaving) return;
    busy = true;
    const before = changes;
    say("saving");
    try {
      const answer = await fetch(form.action, {
        method: "PUT",
        headers: { "If-Match": `"${version}"`, Accept: "application/json" },
        // A file goes with its button only.
        body: new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string")),
      });
      if (answer.status === 409) return stop("conflict");
      if (answer.status === 401 || answer.status === 403) return stop("session");
      if (!answer.ok) throw new Error(String(answer.status));
      version = answer.headers.get("ETag").replace(/\D/g, "");
      form.elements.version.value = version;
      for (const field of document.querySelectorAll("[data-version]")) field.value = version;
      show(await answer.text(), changes === before);
      say(changes === before ? "saved" : "typing");
    } catch {
      say("offline", true);
      later(8000);
      return;
    } finally {
      busy = false;
    }
    if (changes !== before) later(PAUSE);
    else changes = 0;
  }

  form.addEventListener("input", (event) => {
    // Only the button beside it says that this is meant.
    if (/^(d-\d+-typed|look|act|act_of_file)$/.test(event.target.name)) return;
    changes += 1;
    if (stopped) return;
    say("typing");
    later(PAUSE);
  });
  // A row copied whole from a spreadsheet comes with tabs between its cells: each goes to its place.
  const ORDERS = {
    9: ["state", "", "", "cell_kind", "title_ru", "cell_codes", "cell_term", "cell_basis", ""],
    8: ["state", "", "", "cell_kind", "title_ru", "cell_codes", "cell_term", "cell_basis"],
    6: ["state", "cell_kind", "title_ru", "cell_codes", "cell_term", "cell_basis"],
    5: ["cell_kind", "title_ru", "cell_codes", "cell_term", "cell_basis"],
  };
  const bare = (cell) => (/^".*"$/s.test(cell) ? cell.slice(1, -1).replaceAll('""', '"') : cell).trim();
  form.addEventListener("paste", (event) => {
    if (event.target.id !== "f-cell_kind") return;
    const parts = event.clipboardData.getData("text/plain").replace(/[\r\n]+$/, "").split("\t").map(bare);
    const order = ORDERS[parts.length];
    if (!order) return;
    event.preventDefault();
    order.forEach((name, place) => {
      const target = form.elements[name];
      if (!target || !parts[place]) return;
      if (target.tagName !== "SELECT") target.value = parts[place];
      else if ([...target.options].some((one) => one.value === parts[place])) target.value = parts[place];
    });
    form.elements.cell_basis.focus();
    form.elements.cell_basis.dispatchEvent(new Event("input", { bubbles: true }));
    say("placed");
  });

  const file = form.elements.act;
  file?.addEventListener("change", () => {
    // A chosen file goes along with whatever button is pressed.
    form.enctype = file.value ? "multipart/form-data" : "application/x-www-form-urlencoded";
  });
  form.addEventListener("submit", () => {
    leaving = true;
    clearTimeout(timer);
  });
  window.addEventListener("pageshow", () => {
    leaving = false;
  });
  window.addEventListener("beforeunload", (event) => {
    if (changes && !leaving) event.preventDefault();
  });
})();
