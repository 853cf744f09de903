// Two comforts, and the page works without them: what is going on is brought up to date, and commands can be copied.
"use strict";

const live = document.querySelector("[data-live]");

function refreshed(fresh) {
  for (const part of document.querySelectorAll("[data-part]")) {
    const other = fresh.getElementById(part.id);
    const isUsed = part.contains(document.activeElement) || part.querySelector("details[open]");
    if (other && !isUsed && part.outerHTML !== other.outerHTML) part.replaceWith(document.adoptNode(other));
  }
}

function refresh() {
  if (document.hidden) return;
  const request = new XMLHttpRequest();
  request.open("GET", location.href);
  request.responseType = "document";
  request.timeout = 20000;
  request.onload = () => {
    if (request.status !== 200 || !request.response) return;
    refreshed(request.response);
    if (!request.response.querySelector("[data-live]")) clearInterval(timer);
  };
  request.send();
}

const timer = live ? setInterval(refresh, Number(live.dataset.live) * 1000) : 0;

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button || !navigator.clipboard) return;
  navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent).then(() => {
    document.getElementById("said").textContent = "The command is copied.";
    button.textContent = "Copied";
  });
});
if (navigator.clipboard) for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
