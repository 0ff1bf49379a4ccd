// Opens a form of ours over another site's page:
//
//   <script src="https://…/widget.js" data-form="slug" async></script>
//
// Without more it adds a button at the lower right corner; elements that carry
// data-escuta-open open it too. data-label is what the button says. The form is
// in a frame of its own: it sees nothing of the page, and the page nothing of it.
(() => {
  const script = document.currentScript;
  const form = script?.dataset.form;
  if (!form || !/^[a-z0-9-]+$/.test(form)) return;
  const home = new URL(script.src).origin;
  const label = script.dataset.label || "Fale conosco";
  let dialog;
  let frame;

  const styled = (element, style) => Object.assign(element.style, style) && element;

  function build() {
    dialog = styled(document.createElement("dialog"), {
      width: "min(720px, 100vw)",
      height: "min(860px, 100dvh)",
      maxWidth: "100vw",
      maxHeight: "100dvh",
      padding: "0",
      border: "0",
      borderRadius: "14px",
      overflow: "hidden",
      background: "Canvas",
      boxShadow: "0 20px 60px rgb(0 0 0 / 35%)",
    });
    dialog.setAttribute("aria-label", label);
    const close = styled(document.createElement("button"), {
      position: "absolute",
      top: "8px",
      right: "8px",
      width: "44px",
      height: "44px",
      padding: "0",
      border: "0",
      borderRadius: "50%",
      background: "rgb(128 128 128 / 18%)",
      color: "CanvasText",
      font: "24px/1 system-ui",
      cursor: "pointer",
      zIndex: "1",
    });
    close.type = "button";
    close.textContent = "×";
    close.setAttribute("aria-label", document.documentElement.lang.startsWith("en") ? "Close" : "Fechar");
    close.addEventListener("click", () => dialog.close());
    frame = styled(document.createElement("iframe"), {
      width: "100%",
      height: "100%",
      border: "0",
      display: "block",
    });
    frame.title = label;
    frame.src = `${home}/abrir/${form}?embed=1&site=${encodeURIComponent(location.origin)}`;
    dialog.append(close, frame);
    document.body.append(dialog);
  }

  // A dialog keeps the focus inside, closes on Escape, and gives the focus back.
  function open() {
    if (!dialog) build();
    if (!dialog.open) dialog.showModal();
  }

  addEventListener("message", (event) => {
    if (!frame || event.origin !== home || event.source !== frame.contentWindow) return;
    if (event.data?.escuta === "close") dialog.close();
    if (event.data?.escuta === "sent") {
      script.dispatchEvent(
        new CustomEvent("escuta:sent", { detail: { protocol: String(event.data.protocol) } }),
      );
    }
  });

  function start() {
    const own = [...document.querySelectorAll("[data-escuta-open]")];
    for (const element of own) element.addEventListener("click", open);
    if (own.length) return;
    const button = styled(document.createElement("button"), {
      position: "fixed",
      right: "20px",
      bottom: "20px",
      zIndex: "2147483000",
      padding: "14px 22px",
      minHeight: "48px",
      border: "0",
      borderRadius: "999px",
      background: script.dataset.color || "#0f5c7a",
      color: "#fff",
      font: "600 16px/1.2 system-ui, sans-serif",
      boxShadow: "0 6px 20px rgb(0 0 0 / 30%)",
      cursor: "pointer",
    });
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", open);
    document.body.append(button);
  }
  if (document.body) start();
  else addEventListener("DOMContentLoaded", start);
})();
