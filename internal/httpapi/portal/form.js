// What a browser with scripts adds to a form that works without: answers are
// checked while one types, by the rules and in the words of the server (which
// checks again); questions come and go with what they depend on; the reason is
// asked level by level; files show what they weigh and how far they are; what
// was typed survives a reload; and nothing is sent twice.

// --- Documents (ISO and Receita Federal rules; see package brazil) ---

const chars = (s) => s.toUpperCase().replace(/[^0-9A-Z]/g, "");

/** Remainder-11 check digit over these weights; a letter counts as its code less 48. */
function digit(text, weights) {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += (text.charCodeAt(i) - 48) * weights[i];
  const rest = sum % 11;
  return rest < 2 ? "0" : String(11 - rest);
}
const down = (from, to) => Array.from({ length: from - to + 1 }, (_, i) => from - i);

export function isCPF(s) {
  const d = chars(s);
  if (!/^\d{11}$/.test(d) || /^(\d)\1*$/.test(d)) return false;
  const first = digit(d, down(10, 2));
  return d.slice(9) === first + digit(d.slice(0, 9) + first, down(11, 2));
}

export function isCNPJ(s) {
  const d = chars(s);
  if (!/^[0-9A-Z]{12}\d\d$/.test(d) || /^(.)\1*$/.test(d)) return false;
  const weights = [...down(5, 2), ...down(9, 2)];
  const first = digit(d, weights);
  return d.slice(12) === first + digit(d.slice(0, 12) + first, [6, ...weights]);
}

export function isAccessKey(s) {
  const d = chars(s);
  if (!/^\d{6}[0-9A-Z]{12}\d{26}$/.test(d)) return false;
  const weights = Array.from({ length: 43 }, (_, i) => 2 + ((42 - i) % 8));
  return d[43] === digit(d, weights);
}

export function isPhone(s) {
  const typed = s.replace(/[^\d+]/g, "");
  if (/^\+(?!55)/.test(typed)) return /^\+\d{8,15}$/.test(typed);
  const d = typed.replace(/^\+?55(?=\d{10,11}$)/, "").replace(/^0(?=[1-9]{2}\d{8,9}$)/, "");
  return (
    /^[1-9][1-9](9\d{8}|[2-5]\d{7})$/.test(d) || /^0?[3589]00\d{6,7}$/.test(d) || /^400[34]\d{4}$/.test(d)
  );
}

/** Sums and numbers as Brazil writes them; NaN when it is none. */
export function numberOf(s) {
  let text = s.trim();
  if (!text.includes(",") && /^-?\d+\.\d+$/.test(text) && !/\.\d{3}$/.test(text))
    text = text.replace(".", ",");
  if (!/^-?(\d{1,3}(\.\d{3})+|\d{1,12})(,\d{1,12})?$/.test(text)) return Number.NaN;
  return Number(text.replaceAll(".", "").replace(",", "."));
}
function isMoney(s) {
  const text = s.trim().replace(/^R\$\s*/i, "");
  return numberOf(text) >= 0 && !/,\d{3}/.test(text);
}

const put = (text, pattern) => {
  let out = "";
  let i = 0;
  for (const c of pattern) {
    if (i >= text.length) break;
    out += c === "#" ? text[i++] : c;
  }
  return out;
};
const asCPF = (d) => put(d, "###.###.###-##");
const asCNPJ = (d) => put(d, "##.###.###/####-##");

/** How a document is written while it is typed. Never changes what is no part of one. */
export const masks = {
  cpf: (s) => asCPF(chars(s).replace(/\D/g, "").slice(0, 11)),
  cnpj: (s) => asCNPJ(chars(s).slice(0, 14)),
  cpf_or_cnpj: (s) => {
    const d = chars(s).slice(0, 14);
    return d.length > 11 || /[A-Z]/.test(d) ? asCNPJ(d) : asCPF(d);
  },
  nfe: (s) =>
    chars(s)
      .slice(0, 44)
      .replace(/(.{4})(?=.)/g, "$1 "),
  phone: (s) => {
    if (s.trim().startsWith("+")) return s;
    const d = s.replace(/\D/g, "");
    if (d.startsWith("0") || d.length > 11) return s;
    return d.length > 10 ? put(d, "(##) #####-####") : d.length > 2 ? put(d, "(##) ####-####") : d;
  },
};

/** Whether nothing can follow any more; eleven figures may become a CPF or a CNPJ. */
const lengths = { cpf: 11, cnpj: 14, cpf_or_cnpj: 14, nfe: 44 };
export const whole = (type, value) => chars(value).length === lengths[type];

const checks = {
  cpf: isCPF,
  cnpj: isCNPJ,
  cpf_or_cnpj: (s) => isCPF(s) || isCNPJ(s),
  nfe: isAccessKey,
  phone: isPhone,
  email: (s) => /^[^\s@,;:<>()[\]"\\]+@([a-z0-9-]+\.)+[a-z][a-z0-9-]*$/i.test(s.trim()),
  number: (s) => !Number.isNaN(numberOf(s)),
  money: isMoney,
};

/** What is wrong with an answer, as the code of its text; empty when nothing is. */
export function wrong(rule, value) {
  const text = value.trim();
  if (text === "") {
    if (!rule.required) return "";
    if (rule.type === "consent") return "must_agree";
    return ["select", "radio", "checkboxes", "reason"].includes(rule.type) ? "choose" : "required";
  }
  const check = checks[rule.type];
  return check && !check(text) ? (rule.type === "cpf_or_cnpj" ? "document" : rule.type) : "";
}

// --- Conditions (the same as form.Definition.Shown) ---

const same = (s) =>
  s
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase();

/** Which questions are asked, given the answers: a map of key to yes or no. */
export function shown(rules, answers) {
  const out = {};
  for (const rule of rules) {
    const c = rule.show;
    if (!c) {
      out[rule.key] = true;
      continue;
    }
    const asked = rules.find((r) => r.key === c.field);
    const value = out[c.field] ? same((answers[c.field] ?? "").trim()) : "";
    const want = same(c.value ?? "");
    const equal = asked?.type === "checkboxes" ? value.split("\n").includes(want) : value === want;
    out[rule.key] = {
      equals: equal,
      differs: !equal,
      contains: value !== "" && value.includes(want),
      filled: value !== "",
      missing: value === "",
    }[c.is];
  }
  return out;
}

// --- The page ---

const source = typeof document === "undefined" ? null : document.getElementById("form-data");
if (source) begin(document.getElementById("form"), JSON.parse(source.textContent));

function begin(form, data) {
  const box = (key) => form.querySelector(`[data-field="${key}"]`);
  const inputs = (key) => [...form.querySelectorAll(`[name="${key}"]`)];
  const say = (code, values = {}) =>
    (data.words[code] ?? code).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

  const given = (key) =>
    inputs(key)
      .filter((i) => (i.type !== "radio" && i.type !== "checkbox") || i.checked)
      .map((i) => i.value)
      .join("\n");
  const answers = () =>
    Object.fromEntries(data.fields.filter((r) => r.type !== "file").map((r) => [r.key, given(r.key)]));

  function arrange() {
    const visible = shown(data.fields, answers());
    for (const rule of data.fields) {
      const at = box(rule.key);
      if (!at) continue;
      at.hidden = !visible[rule.key];
      // What is not asked is not sent; what was typed comes back with the question.
      for (const input of at.querySelectorAll("input, select, textarea")) input.disabled = at.hidden;
    }
    return visible;
  }

  function complain(key, text) {
    const at = key === "kind" ? form.querySelector("#kind") : box(key);
    if (!at) return;
    const target = at.querySelector(`#${key}`) ?? at;
    let note = at.querySelector(".error");
    if (!text) {
      note?.remove();
      target.removeAttribute("aria-invalid");
      return;
    }
    if (!note) {
      note = document.createElement("p");
      note.className = "error";
      note.id = `${key}-error`;
      at.append(note);
    }
    note.textContent = text;
    target.setAttribute("aria-invalid", "true");
  }

  const check = (rule) => {
    const code =
      rule.type === "file"
        ? rule.required && files.length === 0
          ? "required"
          : ""
        : wrong(rule, given(rule.key));
    complain(rule.key, code && say(code));
    return code;
  };

  // Documents get their points while one types at the end; in the middle of a text nothing jumps.
  for (const rule of data.fields) {
    const mask = masks[rule.type];
    for (const input of inputs(rule.key)) {
      if (mask) {
        input.addEventListener("input", (event) => {
          const atEnd = input.selectionStart === input.value.length;
          if (atEnd && !String(event.inputType).startsWith("delete")) input.value = mask(input.value);
        });
      }
      // A wrong answer is told when one leaves it, a document as soon as it is whole,
      // and both are taken back as soon as they are right.
      input.addEventListener("change", () => input.type !== "file" && given(rule.key) && check(rule));
      input.addEventListener("input", () => {
        if (whole(rule.type, input.value) || box(rule.key)?.querySelector(".error")) check(rule);
      });
    }
  }
  for (const input of inputs("kind")) input.addEventListener("change", () => complain("kind", ""));
  for (const rule of data.fields.filter((r) => r.type === "reason"))
    levels(form.querySelector(`#${rule.key}`), say);

  // --- Draft: private to this tab; on a shared computer it goes when the tab does. ---
  const draft = `escuta:form:${location.pathname}`;
  const typed = () => Object.fromEntries(["kind", ...Object.keys(answers())].map((key) => [key, given(key)]));
  const untouched = JSON.stringify(typed());
  if (!data.preview) {
    const kept = parse(sessionStorage.getItem(draft));
    // A page that the server sent back holds what was typed last.
    if (kept && !document.getElementById("problem")) restore(kept);
    form.addEventListener("input", () => sessionStorage.setItem(draft, JSON.stringify(typed())));
    form.addEventListener("change", () => sessionStorage.setItem(draft, JSON.stringify(typed())));
  }
  function restore(kept) {
    if (JSON.stringify(kept) === untouched) return;
    for (const [key, value] of Object.entries(kept)) {
      const ticked = value.split("\n");
      for (const input of inputs(key)) {
        if (input.type === "radio" || input.type === "checkbox") input.checked = ticked.includes(input.value);
        else if (input.type !== "file") input.value = value;
        input.dispatchEvent(new Event("restored"));
      }
    }
  }

  // --- Files ---
  const chooser = form.querySelector("#files");
  const list = form.querySelector("#chosen");
  let files = [];
  chooser?.addEventListener("change", () => {
    files = [...files, ...chooser.files].filter(
      (f, i, all) => all.findIndex((o) => o.name === f.name && o.size === f.size) === i,
    );
    chooser.value = "";
    showFiles();
  });
  function showFiles() {
    if (!list) return ""; // a form need not ask for any
    list.hidden = files.length === 0;
    list.replaceChildren(
      ...files.map((file) => {
        const item = document.createElement("li");
        const name = document.createElement("span");
        name.textContent = `${file.name} · ${size(file.size)}`;
        const remove = document.createElement("button");
        remove.type = "button";
        remove.textContent = say("script.remove");
        remove.setAttribute("aria-label", `${say("script.remove")}: ${file.name}`);
        remove.addEventListener("click", () => {
          files = files.filter((f) => f !== file);
          showFiles();
          chooser.focus();
        });
        item.append(name, remove);
        return item;
      }),
    );
    const total = files.reduce((sum, f) => sum + f.size, 0);
    let text = "";
    if (files.length > data.maxFiles) text = say("too_many", { max: data.maxFiles });
    else if (files.some((f) => f.size === 0)) text = say("file_empty");
    else if (total > data.maxBytes) text = say("script.total", { max: size(data.maxBytes) });
    complain("files", text);
    return text;
  }

  // --- Sending ---
  const progress = form.querySelector("#progress");
  const button = form.querySelector("button[type=submit]");
  let sending = false;
  function busy(text, percent) {
    progress.hidden = text === "";
    progress.querySelector("span").textContent = text;
    const bar = progress.querySelector("progress");
    bar.hidden = percent === undefined;
    bar.value = percent ?? 0;
    button.setAttribute("aria-disabled", String(text !== ""));
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sending || data.preview) return;
    const visible = arrange();
    const bad = data.fields.filter((rule) => visible[rule.key] && check(rule));
    if (inputs("kind").length && !given("kind")) {
      complain("kind", say("choose"));
      bad.unshift({ key: "kind" });
    }
    if (showFiles()) bad.push({ key: "files" });
    if (bad.length) return focusOn(bad[0].key);
    sending = true;
    try {
      await deliver();
    } finally {
      sending = false;
    }
  });

  async function deliver(work = "") {
    const body = new FormData(form);
    body.delete("files");
    for (const file of files) body.append("files", file);
    if (work) body.set("work", work);
    busy(say("script.sending"));
    let answer;
    try {
      answer = await post(form.action, body, (percent) => {
        if (files.length) busy(say("script.uploading", { percent }), percent);
      });
    } catch {
      busy("");
      return tell(say("busy.title"), say("script.offline"));
    }
    const problem = answer.body;
    if (problem?.challenge && !work) {
      busy(say("script.working"));
      return deliver(await solved(problem.challenge));
    }
    busy("");
    if (answer.status === 201) return arrived(problem);
    const named = (problem?.errors ?? []).map((e) => ({
      key: e.field.replace(/^body\.(fields\.)?/, "").replace(/\[.*/, ""),
      text: e.detail,
    }));
    for (const { key, text } of named) complain(key, text);
    tell(
      problem?.title ?? say("busy.title"),
      problem?.detail ?? say("busy.again"),
      named.length ? named[0].key : undefined,
    );
  }

  function solved(challenge) {
    return new Promise((resolve, reject) => {
      const worker = new Worker(data.work, { type: "module" });
      worker.onmessage = ({ data: solution }) => {
        worker.terminate();
        resolve(solution);
      };
      worker.onerror = reject;
      worker.postMessage(challenge);
    });
  }

  function arrived(sent) {
    sessionStorage.removeItem(draft);
    if (!data.embedded) return location.assign(sent.location);
    // In a frame of another site's page there is no cookie: the receipt stays here,
    // and the ticket opens in a window of its own.
    const done = document.getElementById("done").content.cloneNode(true);
    for (const at of done.querySelectorAll("[data-fill]")) at.textContent = sent[at.dataset.fill];
    for (const at of done.querySelectorAll("[data-when]")) at.hidden = !sent[at.dataset.when];
    done.querySelector("[data-link]").href = sent.track_url;
    const copy = done.querySelector("[data-copy]");
    copy.dataset.copy = sent.protocol.replaceAll(" ", "");
    const card = done.firstElementChild;
    document.getElementById("main").replaceChildren(done);
    card.focus();
    card.querySelector("[data-copy]").addEventListener("click", async (event) => {
      await navigator.clipboard?.writeText(event.target.dataset.copy).catch(() => {});
      event.target.textContent = say("script.copied");
    });
    outside({ escuta: "sent", protocol: copy.dataset.copy });
  }

  function tell(title, text, key) {
    let at = document.getElementById("problem");
    if (!at) {
      at = document.createElement("div");
      at.id = "problem";
      at.className = "problem";
      at.tabIndex = -1;
      at.setAttribute("role", "alert");
      form.before(at);
    }
    at.replaceChildren(Object.assign(document.createElement("h2"), { textContent: title }));
    at.append(Object.assign(document.createElement("p"), { textContent: text }));
    if (key) focusOn(key);
    else at.focus();
  }

  function focusOn(key) {
    const at = key === "kind" ? form.querySelector("#kind") : box(key);
    at?.querySelector("input:not([hidden]), select:not([hidden]), textarea")?.focus();
    at?.scrollIntoView({ block: "center" });
  }

  // --- In a frame: talk to the page around it, and to no other. ---
  function outside(message) {
    if (data.embedded && data.site && parent !== window) parent.postMessage(message, data.site);
  }
  if (data.embedded) {
    addEventListener("keydown", (event) => event.key === "Escape" && outside({ escuta: "close" }));
    outside({ escuta: "ready" });
  }

  form.addEventListener("input", arrange);
  form.addEventListener("change", arrange);
  for (const hint of form.querySelectorAll(".when")) hint.hidden = true;
  arrange();
}

/** Turns the one long list of reasons into a list for each level. */
function levels(select, say) {
  const tree = [...select.querySelectorAll("option[value]:not([value=''])")].map((o) => ({
    id: o.value,
    path: [o.parentElement.label, ...o.textContent.split(" › ")].filter(
      (p, i, all) => i === 0 || p !== all[i - 1],
    ),
  }));
  const depth = Math.max(0, ...tree.map((r) => r.path.length));
  const label = select.labels[0];
  const boxes = Array.from({ length: depth }, (_, level) => {
    const one = document.createElement("select");
    one.id = `${select.id}-${level + 1}`;
    one.setAttribute("aria-label", `${label.textContent.trim()} (${level + 1}/${depth})`);
    one.addEventListener("change", () => refill(level + 1));
    return one;
  });
  const chosen = (upTo) => boxes.slice(0, upTo).map((b) => b.value);
  function refill(from) {
    for (let level = from; level < depth; level++) {
      const above = chosen(level);
      const under = tree.filter((r) => above.every((name, i) => name !== "" && r.path[i] === name));
      const names = [...new Set(under.map((r) => r.path[level]).filter(Boolean))];
      boxes[level].replaceChildren(
        new Option(say("script.choose"), ""),
        ...names.map((n) => new Option(n, n)),
      );
      boxes[level].hidden = names.length === 0;
    }
    const path = chosen(depth).filter(Boolean);
    const leaf = tree.find((r) => r.path.length === path.length && r.path.every((p, i) => p === path[i]));
    select.value = leaf?.id ?? "";
    select.dispatchEvent(new Event("input", { bubbles: true }));
  }
  function follow() {
    const path = tree.find((r) => r.id === select.value)?.path ?? [];
    refill(0);
    path.forEach((name, level) => {
      boxes[level].value = name;
      refill(level + 1);
    });
  }
  select.addEventListener("restored", follow);
  select.hidden = true;
  select.after(...boxes);
  label.htmlFor = boxes[0]?.id ?? select.id;
  follow();
}

function post(url, body, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("Accept", "application/json");
    request.upload.onprogress = (e) =>
      e.lengthComputable && onProgress(Math.round((100 * e.loaded) / e.total));
    request.onload = () => resolve({ status: request.status, body: parse(request.responseText) });
    request.onerror = reject;
    request.send(body);
  });
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function size(bytes) {
  const units = ["B", "kB", "MB"];
  const i = bytes < 1024 ? 0 : bytes < 1024 ** 2 ? 1 : 2;
  const n = bytes / 1024 ** i;
  return `${i === 2 ? n.toFixed(1) : Math.round(n)} ${units[i]}`;
}
