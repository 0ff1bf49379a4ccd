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
      const files = form.querySelector("input[type=file]")?.files.length;
      const left = () => text && sessionStorage.removeItem(draft);
      if (!files || !form.dataset.uploading) return left();
      event.preventDefault();
      upload(form, button, left);
    });
  }

  // Files take their time on a telephone: they are sent here, so that one sees how
  // far they are, and a dropped connection leaves everything where it was.
  function upload(form, button, left) {
    const at = form.querySelector("[data-progress]");
    const bar = at.querySelector("progress");
    const say = (words, percent) => {
      at.hidden = false;
      at.querySelector("span").textContent = words.replace("#", percent);
      bar.value = percent;
    };
    const stop = () => {
      delete form.dataset.sent;
      button.removeAttribute("aria-disabled");
      bar.hidden = true;
    };
    const call = new XMLHttpRequest();
    call.open("POST", form.action);
    call.responseType = "document";
    call.upload.onprogress = (event) => {
      const percent = event.lengthComputable ? Math.floor((event.loaded / event.total) * 100) : 0;
      say(form.dataset.uploading, percent);
    };
    call.onload = () => {
      if (call.status < 300) left();
      // Sent: the server leads to the next page. Else it says what is wrong, above the same form.
      if (call.responseURL.split("#")[0] !== form.action) return location.assign(call.responseURL);
      const told = call.response?.getElementById("main");
      if (call.status < 300 && told) {
        document.getElementById("main").replaceWith(told);
        scrollTo(0, 0);
        return told.focus();
      }
      stop();
      at.hidden = true;
      const wrong = call.response?.getElementById("problem");
      if (!wrong) return say(form.dataset.offline, 0);
      document.getElementById("problem")?.remove();
      document.getElementById("main").prepend(wrong);
      wrong.focus();
    };
    call.onerror = () => {
      stop();
      say(form.dataset.offline, 0);
    };
    bar.hidden = false;
    say(form.dataset.uploading, 0);
    call.send(new FormData(form));
  }
  // Coming back by the back button shows the old page, where "sent" would hold for ever.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form")) {
      delete form.dataset.sent;
      form.querySelector("button[type=submit]")?.removeAttribute("aria-disabled");
    }
  });
})();
