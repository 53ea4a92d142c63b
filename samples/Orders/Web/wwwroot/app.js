"use strict";

const POLL_MS = 1000;
const HIDDEN_POLL_MS = 5000;
const MOST_RETRIES = 6;

const byId = (id) => document.getElementById(id);
const money = new Intl.NumberFormat("en", { style: "currency", currency: "EUR" });
const euros = (cents) => money.format(cents / 100);
const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
const nowrap = (text) => text.replaceAll(" ", "\u00a0");
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const setText = (element, text) => { if (element.textContent !== text) element.textContent = text; };

/* randomUUID exists only on secure origins, and a phone on the same network is not one. */
const newToken = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

/* ---- the form ---- */

const articles = [];
let pending = null; /* { token, text }: an order whose answer has not been seen; repeating it must not make two */
let busy = false;

function showArticle(article) {
  const item = byId("article-template").content.firstElementChild.cloneNode(true);
  const input = item.querySelector("input");
  const [less, more] = [item.querySelector(".less"), item.querySelector(".more")];
  item.dataset.sku = article.sku;
  item.querySelector("use").setAttribute("href", `#i-${article.sku}`);
  item.querySelector(".what strong").textContent = article.name;
  item.querySelector(".note").textContent = nowrap(article.note);
  item.querySelector(".price").textContent = euros(article.priceCents);
  input.setAttribute("aria-label", `Quantity of ${article.name}`);
  less.setAttribute("aria-label", `One ${article.name} less`);
  more.setAttribute("aria-label", `One ${article.name} more`);

  const entry = { article, count: 0 };
  entry.set = (count) => {
    entry.count = Math.min(99, Math.max(0, Math.trunc(count) || 0));
    input.value = entry.count;
    less.disabled = entry.count === 0;
    item.classList.toggle("chosen", entry.count > 0);
    showTotal();
  };
  less.addEventListener("click", () => entry.set(entry.count - 1));
  more.addEventListener("click", () => entry.set(entry.count + 1));
  input.addEventListener("change", () => entry.set(Number(input.value)));
  input.addEventListener("focus", () => input.select());
  articles.push(entry);
  entry.set(0);
  byId("articles").append(item);
}

function showTotal() {
  setText(byId("total"), euros(articles.reduce((sum, a) => sum + a.count * a.article.priceCents, 0)));
  if (articles.some((a) => a.count > 0)) showError("lines", "");
}

function showError(field, message) {
  const place = byId(`${field}-error`);
  place.hidden = !message;
  setText(place, message);
  byId(field)?.toggleAttribute("aria-invalid", false);
  if (message) byId(field)?.setAttribute("aria-invalid", "true");
}

function showNotice(kind, text) {
  const notice = byId("notice");
  notice.hidden = !text;
  notice.dataset.kind = kind;
  setText(notice, text);
}

function readForm() {
  const order = {
    customer: { name: byId("name").value.trim(), address: byId("address").value.trim() },
    lines: articles.filter((a) => a.count > 0).map((a) => ({ sku: a.article.sku, quantity: a.count })),
  };
  const errors = {
    lines: order.lines.length ? "" : "Choose at least one article.",
    name: order.customer.name ? "" : "Enter a name.",
    address: order.customer.address ? "" : "Enter an address.",
  };
  Object.entries(errors).forEach(([field, message]) => showError(field, message));
  const first = Object.keys(errors).find((field) => errors[field]);
  if (first) (byId(first) ?? byId("articles").querySelector("input"))?.focus();
  return first ? null : order;
}

async function send(text, token) {
  for (let attempt = 0; ; attempt++) {
    try {
      const answer = await fetch("api/orders", {
        method: "POST",
        headers: { "Content-Type": "application/json", "Idempotency-Key": token },
        body: text,
        signal: AbortSignal.timeout(12000),
      });
      if (answer.status < 500 || attempt >= MOST_RETRIES) return answer;
    } catch (error) {
      if (attempt >= MOST_RETRIES) throw error;
    }
    showNotice("bad", "The shop is not answering. Still trying; your order will not be placed twice.");
    await pause(Math.min(4000, 500 * 2 ** attempt));
  }
}

async function placeOrder(event) {
  event.preventDefault();
  if (busy) return;
  const order = readForm();
  if (!order) return;
  const text = JSON.stringify(order);
  if (pending?.text !== text) pending = { token: newToken(), text };
  setBusy(true);
  showNotice("", "");
  try {
    const answer = await send(text, pending.token);
    const body = await answer.json();
    if (answer.ok) {
      pending = null;
      remember(body.orderId);
      articles.forEach((a) => a.set(0));
      showNotice("good", `Thank you. Order ${body.orderId} is on its way.`);
      refresh();
    } else if (body.errors) {
      Object.entries(body.errors).forEach(([field, message]) => byId(`${field}-error`) && showError(field, message));
      showNotice("bad", body.detail);
    } else {
      if (answer.status === 409) pending = null;
      showNotice("bad", body.detail ?? "The order was not placed. Try again.");
    }
  } catch {
    showNotice("bad", "The shop did not answer. Press “Place order” to try the same order again.");
  } finally {
    setBusy(false);
  }
}

function setBusy(value) {
  busy = value;
  const button = byId("place-order");
  button.setAttribute("aria-disabled", String(value));
  setText(button, value ? "Placing…" : "Place order");
}

/* ---- the list ---- */

const rows = new Map();
const mine = new Set(JSON.parse(sessionStorage.getItem("mine") ?? "[]"));
let filled = false;
let timer = 0;

function remember(orderId) {
  mine.add(orderId);
  sessionStorage.setItem("mine", JSON.stringify([...mine].slice(-50)));
}

function ago(time) {
  const seconds = Math.max(0, Math.round((Date.now() - time) / 1000));
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return seconds < 86400 ? `${Math.floor(seconds / 3600)} h ago` : new Date(time).toLocaleDateString("en");
}

function took(order) {
  const ms = Math.max(0, Date.parse(order.processedAt) - Date.parse(order.placedAt));
  if (ms < 60000) return `in ${(ms / 1000).toFixed(1)} s`;
  return ms < 3600000 ? `in ${Math.floor(ms / 60000)} min` : `in ${Math.floor(ms / 3600000)} h`;
}

function showOrder(order, flow) {
  let row = rows.get(order.orderId);
  if (!row) {
    row = byId("order-template").content.firstElementChild.cloneNode(true);
    row.dataset.orderId = order.orderId;
    row.querySelector(".id").textContent = order.orderId;
    row.classList.toggle("new", filled);
    rows.set(order.orderId, row);
  }
  const processed = order.status === "PROCESSED";
  const look = processed ? "processed" : flow === "waiting" ? "waiting" : "queued";
  if (row.dataset.status === "QUEUED" && processed && mine.has(order.orderId)) {
    setText(byId("announcer"), `Order ${order.orderId} was processed by ${order.node}.`);
  }
  row.dataset.status = order.status;
  row.classList.toggle("mine", mine.has(order.orderId));
  if (row.dataset.look !== look) {
    row.dataset.look = look;
    row.querySelector("use").setAttribute("href", processed ? "#i-check" : "#i-clock");
  }
  setText(row.querySelector(".status"), { processed: "Processed", waiting: "Waiting on premises", queued: "Queued" }[look]);
  setText(row.querySelector(".where"), processed ? `${order.node} · ${nowrap(took(order))}` : look === "waiting" ? "safe in the queue" : "on its way");
  row.querySelector(".where").title = processed ? `Processed by ${order.node} at site ${order.site}` : "";
  setText(row.querySelector(".what-for"), nowrap(`${plural(order.itemCount, "item")} · ${euros(order.totalCents)}`));
  setText(row.querySelector(".ago"), nowrap(ago(Date.parse(order.placedAt))));
  return row;
}

function showList(list) {
  const flow = list.queue.flow;
  const wanted = list.orders.map((order) => showOrder(order, flow));
  const parent = byId("orders");
  wanted.forEach((row, i) => { if (parent.children[i] !== row) parent.insertBefore(row, parent.children[i] ?? null); });
  while (parent.children.length > wanted.length) {
    rows.delete(parent.lastElementChild.dataset.orderId);
    parent.lastElementChild.remove();
  }
  byId("empty").hidden = wanted.length > 0;
  setText(byId("count-queued"), String(list.queued));
  setText(byId("count-processed"), String(list.processed));

  const route = byId("route");
  route.dataset.flow = flow;
  route.toggleAttribute("data-busy", list.queued > 0);
  setText(byId("route-queue"), list.queued === 0 ? "Queue empty" : `${list.queued} ${flow === "waiting" ? "waiting" : "in queue"}`);
  const last = list.orders.find((order) => order.node);
  setText(byId("route-cloud"), list.apiNode);
  setText(byId("route-node"), flow === "waiting" ? "not reached" : last ? last.node : "processes orders");
  byId("hint").hidden = flow !== "waiting";
  setText(byId("hint-text"), `${plural(list.queued, "order")} waiting on premises. They are safe in the queue and will be processed when the site is back. You can go on ordering.`);
  setText(byId("api-node"), list.apiNode);
  filled = true;
}

function showLink(state) {
  byId("link").dataset.state = state;
  setText(byId("link-text"), state === "live" ? "Live" : "Reconnecting");
}

let asking = false;
async function refresh() {
  if (asking) return;
  asking = true;
  clearTimeout(timer);
  try {
    const answer = await fetch("api/orders", { signal: AbortSignal.timeout(10000) });
    setText(byId("web-node"), answer.headers.get("X-Web-Node") ?? "unknown");
    if (!answer.ok) throw new Error(String(answer.status));
    showList(await answer.json());
    showLink("live");
  } catch {
    showLink("lost");
  } finally {
    asking = false;
    timer = setTimeout(refresh, document.hidden ? HIDDEN_POLL_MS : POLL_MS);
  }
}

async function start() {
  byId("form").addEventListener("submit", placeOrder);
  ["name", "address"].forEach((field) => byId(field).addEventListener("input", () => showError(field, "")));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
  refresh();
  for (;;) {
    try {
      const answer = await fetch("api/catalogue");
      if (answer.ok) {
        (await answer.json()).forEach(showArticle);
        return;
      }
    } catch {
      /* The page may outlive a web task; ask again. */
    }
    await pause(1000);
  }
}

start();
