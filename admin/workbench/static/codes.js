/* Suggests codes of the TN VED while one is typed into a field of codes. Without it the button under the lines finds them. */
"use strict";

(() => {
  const form = document.getElementById("draft-form");
  if (!form?.dataset.suggest) return;
  const PAUSE = 180;
  const said = document.createElement("p");
  said.className = "hidden";
  said.setAttribute("role", "status");
  form.append(said);
  let open = null;
  let asked = 0;
  let timer = 0;

  // What stands between the last sign that parts codes and the cursor is what is being typed.
  const typedIn = (field) => {
    const before = field.value.slice(0, field.selectionStart);
    const parts = /(?:^|[,;()–-]|(?:^|[\s(])(?:из|кроме|исключением)\s)\s*([^,;()–-]*)$/iu.exec(before);
    const text = parts ? parts[1] : before;
    const plain = text.replace(/^(?:из|кроме|за исключением)\s+/iu, "");
    return { text: plain, start: before.length - plain.length, end: before.length };
  };

  const close = () => {
    clearTimeout(timer);
    asked += 1;
    if (!open) return;
    open.field.setAttribute("aria-expanded", "false");
    open.field.removeAttribute("aria-activedescendant");
    open.field.removeAttribute("aria-controls");
    open.list.remove();
    open = null;
  };

  const mark = (at) => {
    const options = [...open.list.children];
    open.at = (at + options.length) % options.length;
    options.forEach((option, place) => option.setAttribute("aria-selected", String(place === open.at)));
    open.field.setAttribute("aria-activedescendant", options[open.at].id);
    options[open.at].scrollIntoView({ block: "nearest" });
  };

  const take = (at) => {
    const { field, items, place } = open;
    const code = items[at].written;
    field.value = field.value.slice(0, place.start) + code + field.value.slice(place.end);
    const cursor = place.start + code.length;
    close();
    field.focus();
    field.setSelectionRange(cursor, cursor);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    close();
  };

  const part = (name, text) => {
    const made = document.createElement("span");
    made.className = name;
    made.textContent = text;
    return made;
  };

  const show = (field, place, items) => {
    close();
    said.textContent = items.length ? form.dataset.suggestSome + items.length : form.dataset.suggestNone;
    if (!items.length) return;
    const list = document.createElement("ul");
    list.id = `${field.id}-codes`;
    list.className = "suggestions";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", form.dataset.suggestLabel);
    items.forEach((item, at) => {
      const option = document.createElement("li");
      option.id = `${list.id}-${at}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.append(part("suggested", item.written), " ", part("named", item.name));
      if (item.measures) option.append(" ", part("others", form.dataset.suggestMeasures + item.measures));
      option.addEventListener("mousedown", (event) => {
        event.preventDefault();
        take(at);
      });
      list.append(option);
    });
    field.after(list);
    field.setAttribute("aria-expanded", "true");
    field.setAttribute("aria-controls", list.id);
    open = { field, list, items, place, at: -1 };
  };

  const ask = async (field) => {
    const place = typedIn(field);
    if (place.text.trim().length < 2) return close();
    const own = (asked += 1);
    const answer = await fetch(`${form.dataset.suggest}?q=${encodeURIComponent(place.text)}`, {
      headers: { Accept: "application/json" },
    });
    if (!answer.ok || own !== asked || document.activeElement !== field) return;
    const items = await answer.json();
    const digits = place.text.replace(/\s/g, "");
    // What is typed already needs no list of one.
    if (own === asked) show(field, place, items.length === 1 && items[0].code === digits ? [] : items);
  };

  const fields = (event) => (event.target.matches?.("[data-codes]") ? event.target : null);

  form.addEventListener("focusin", (event) => {
    const field = fields(event);
    if (!field || field.getAttribute("role")) return;
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-expanded", "false");
  });
  form.addEventListener("input", (event) => {
    const field = fields(event);
    if (!field || !event.isTrusted) return;
    clearTimeout(timer);
    timer = setTimeout(() => ask(field).catch(close), PAUSE);
  });
  form.addEventListener("focusout", (event) => {
    if (open?.field === event.target) close();
  });
  form.addEventListener("keydown", (event) => {
    if (event.target.id === "f-look" && event.key === "Enter") {
      event.preventDefault();
      form.requestSubmit(form.querySelector("button[value=look]"));
      return;
    }
    const field = fields(event);
    if (!field) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) return void ask(field).catch(close);
      mark(event.key === "ArrowDown" ? open.at + 1 : open.at < 0 ? -1 : open.at - 1);
    } else if (open && event.key === "Escape") {
      event.preventDefault();
      close();
    } else if (open && event.key === "Enter" && open.at >= 0) {
      event.preventDefault();
      take(open.at);
    } else if (event.key === "Enter") {
      // On to the next line, as in a table: the form is sent by its buttons.
      event.preventDefault();
      close();
      const all = [...form.querySelectorAll("[data-codes]")];
      all[all.indexOf(field) + 1]?.focus();
    }
  });
})();
