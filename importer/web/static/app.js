// Everything works without this. It adds: dropping a file, progress without reloading, and focus where a page begins.

const focus = () => {
  const first = document.querySelector("[data-focus-first]") ?? document.querySelector("[data-focus]");
  if (!location.hash && document.activeElement === document.body) first?.focus({ preventScroll: true });
};

const dropping = (form) => {
  const input = form.querySelector("input[type=file]");
  const over = (on) => form.classList.toggle("over", on);
  form.addEventListener("dragover", (event) => { event.preventDefault(); over(true); });
  form.addEventListener("dragleave", () => over(false));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    form.requestSubmit();
  });
  // A file that misses the area would replace the page.
  for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
};

const SPEAK_EVERY = 10_000;

const watching = (box) => {
  const title = document.title;
  const [bar, text, waits, live] = ["progress", "[data-text]", "[data-waits]", "[data-live]"].map((each) => box.querySelector(each));
  let spoken = Date.now(), said = "", failed = 0;
  const look = async () => {
    let again = 1;
    try {
      const reply = document.hidden ? null : await fetch(box.dataset.progress, { headers: { Accept: "application/json" } });
      if (reply) {
        if (!reply.ok) return location.reload();
        const now = await reply.json();
        if (now.state !== box.dataset.state) return location.reload();
        [again, failed] = [now.again, 0];
        text.textContent = now.text;
        if (bar) {
          [bar.max, bar.value] = [now.goal || 1, now.done];
          document.title = `${Math.floor(100 * now.done / (now.goal || 1))} % ${title}`;
          [waits.hidden, waits.textContent] = [!now.waits, now.waits];
          if (now.waits !== said || Date.now() - spoken > SPEAK_EVERY) {
            live.textContent = now.waits || now.text;
            [spoken, said] = [Date.now(), now.waits];
          }
        }
      }
    } catch {
      failed += 1;
      text.textContent = box.dataset.state === "running"
        ? "The wizard does not answer. The run goes on without it; start importer web again to see it."
        : "The wizard does not answer. Start importer web again: what you have chosen is kept, and nothing was sent.";
      again = Math.min(30, 2 ** failed);
    }
    setTimeout(look, 1000 * again);
  };
  look();
};

// One row as it would be with what the fields say; the server makes it, 300 ms after the last change.
const previewing = (form) => {
  const box = form.querySelector("#preview"), live = form.querySelector("[data-live]");
  let timer = 0, asked = 0;
  const show = async () => {
    const mine = ++asked;
    try {
      const reply = await fetch(form.dataset.preview, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      if (!reply.ok || mine !== asked || box.contains(document.activeElement)) return;
      box.innerHTML = await reply.text();
      live.textContent = "The row is shown as it is now.";
    } catch { /* the wizard has ended: the page's own buttons will say so */ }
  };
  form.addEventListener("input", (event) => {
    if (box.contains(event.target)) return;
    clearTimeout(timer);
    timer = setTimeout(show, 300);
  });
};

// A second click would send the form once more, of a state that is past by then.
addEventListener("submit", ({ target }) => setTimeout(() => {
  for (const button of target.querySelectorAll("button")) button.disabled = true;
}));
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button:disabled")) button.disabled = false;
});

document.querySelectorAll("[data-drop]").forEach(dropping);
document.querySelectorAll("[data-preview]").forEach(previewing);
document.querySelectorAll("[data-progress]").forEach(watching);
focus();
