// Where a page asks for it, its content is fetched again each minute. Without JavaScript the page is whole, only not fresh.
"use strict";

const seconds = Number(document.body.dataset.refresh);

async function refresh() {
  const main = document.getElementById("main");
  const busy = main.contains(document.activeElement) || String(document.getSelection());
  if (document.hidden || busy) return;
  const address = new URL(location.href);
  address.searchParams.delete("done");
  try {
    const answer = await fetch(address, { credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const open = [...main.querySelectorAll("details[open][id]")].map((one) => one.id);
    main.replaceWith(page.getElementById("main"));
    document.querySelector("footer").replaceWith(page.querySelector("footer"));
    open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
    document.body.classList.remove("stale");
  } catch {
    document.body.classList.add("stale"); // the footer's "as of" greys out: what is shown is old
  }
}

if (seconds > 0) setInterval(refresh, seconds * 1000);
