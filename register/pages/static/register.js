/* What helps and is not needed: every page works without it. */
"use strict";

(() => {
  const faults = document.getElementById("faults");
  if (faults) faults.focus();

  // Empty fields stay out of the address, so that it can be read and kept. The code stays: it is the question.
  for (const form of document.querySelectorAll("form")) {
    form.addEventListener("submit", () => {
      for (const field of form.elements) {
        if (field.name && field.name !== "code" && !field.value) field.disabled = true;
      }
    });
  }
  window.addEventListener("pageshow", () => {
    for (const field of document.querySelectorAll("form :disabled")) field.disabled = false;
  });

  for (const actions of document.querySelectorAll("[data-copy]")) {
    const link = document.querySelector(actions.dataset.copy);
    if (!link || !navigator.clipboard) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = actions.dataset.copyLabel;
    const said = document.createElement("span");
    said.setAttribute("role", "status");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(link.href);
      said.textContent = " " + actions.dataset.copied;
    });
    actions.append(" · ", button, said);
  }

  // Whether the Register has gone on since the page was shown. Asked once a minute, while somebody looks.
  const news = document.getElementById("news");
  const head = Number(document.body.dataset.head);
  const ask = async () => {
    if (document.visibilityState !== "visible" || news.childNodes.length) return;
    const answer = await fetch("/api/v1/changes?limit=1&after=" + head, { headers: { Accept: "application/json" } });
    if (!answer.ok || (await answer.json()).head <= head) return;
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = news.dataset.link;
    // A plain visit could be answered from what the browser keeps for a minute.
    link.addEventListener("click", (event) => {
      event.preventDefault();
      location.reload();
    });
    news.append(news.dataset.text + " ", link);
  };
  // A reader who is offline keeps the page as it is.
  setInterval(() => ask().catch(() => undefined), 60000);
})();
