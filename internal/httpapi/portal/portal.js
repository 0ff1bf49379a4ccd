// What a browser with scripts gets on top of pages that work without: nothing
// is sent twice by an impatient click, a started text survives a reload or a
// dropped connection, and the receipt prints.
(() => {
  const problem = document.getElementById("problem");
  if (problem) problem.focus();

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard?.writeText(button.dataset.copy).catch(() => {});
      button.textContent = button.dataset.copied;
    });
  }

  for (const form of document.querySelectorAll("form:not(#form)")) {
    const text = form.querySelector("textarea[name=body]");
    const draft = `escuta:draft:${form.getAttribute("action")}`;
    if (text) {
      // Private to this tab: on a shared computer the text goes when the tab does.
      if (!text.value) text.value = sessionStorage.getItem(draft) ?? "";
      text.addEventListener("input", () => sessionStorage.setItem(draft, text.value));
    }
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) return event.preventDefault();
      form.dataset.sent = "yes";
      const button = form.querySelector("button[type=submit]");
      if (button) button.setAttribute("aria-disabled", "true");
      if (text) sessionStorage.removeItem(draft);
    });
  }
  // Coming back by the back button shows the old page, where "sent" would hold for ever.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form")) {
      delete form.dataset.sent;
      form.querySelector("button[type=submit]")?.removeAttribute("aria-disabled");
    }
  });
})();
