/** Conversations about one's images. */
import { useEffect, useRef, useState } from "preact/hooks";
import { call } from "../api.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { attempt, notify } from "../notices.js";
import { address, go, place } from "../router.js";
import { useStore } from "../store.js";
import { titleOf } from "../words.js";
import { Cited, Prose } from "./answer.js";
import { Empty } from "./states.js";

const LONGEST = 2000;

export function Chat() {
  const { path } = useStore(place);
  const session = path.split("/")[2] ?? null;
  const [sessions, setSessions] = useState([]);
  const load = () => attempt(async () => setSessions((await call("GET", "chat/sessions")).sessions));
  useEffect(() => { void load(); }, []);
  return html`
    <div class="chat">
      <aside aria-label="Conversations">
        <a class="button" href=${address("/chat")}><${Icon} name="plus" />New conversation</a>
        <ul>${sessions.map((each) => html`
          <li key=${each.session_id}>
            <a href=${address(`/chat/${each.session_id}`)} aria-current=${each.session_id === session ? "page" : undefined}>
              ${each.title}</a>
          </li>`)}</ul>
      </aside>
      <${Conversation} session=${session} onTurn=${load} />
    </div>`;
}

function Conversation({ session, onTurn }) {
  const [turns, setTurns] = useState([]);
  const [waiting, setWaiting] = useState("");
  const [text, setText] = useState("");
  const current = useRef(null);
  const end = useRef(null);
  useEffect(() => {
    if (session === current.current) return;
    current.current = session;
    setTurns([]);
    if (session) void attempt(async () => setTurns(await turnsOf(await call("GET", `chat/sessions/${session}`))));
  }, [session]);
  useEffect(() => { end.current?.scrollIntoView({ block: "end" }); }, [turns, waiting]);

  async function say(event) {
    event.preventDefault();
    const message = text.trim();
    if (!message || waiting) return;
    setText("");
    setWaiting(message);
    const answer = await attempt(() => call("POST", "chat", { body: { message, ...(session && { session_id: session }) } }));
    setWaiting("");
    if (!answer) return setText(message);
    setTurns((before) => [...before, { role: "user", text: message, results: [] }, { role: "assistant", text: answer.message, results: answer.search_results }]);
    current.current = answer.session_id;
    go(`/chat/${answer.session_id}`, {}, { replace: true });
    onTurn();
  }
  const forget = () => attempt(async () => {
    await call("DELETE", `chat/sessions/${session}`);
    notify("The conversation is deleted.");
    go("/chat");
    onTurn();
  });
  return html`
    <section class="conversation" aria-label="Conversation">
      <h1 class="hidden">Chat</h1>
      ${session && html`<button class="quiet forget" onClick=${forget}><${Icon} name="trash" />Delete</button>`}
      <div class="turns" role="log" aria-label="Messages" tabindex="0">
        ${!turns.length && !waiting && html`
          <${Empty} icon="chat" title="Ask about your images">
            “Which hotel did I book in Lisbon?” “Show me the receipts of March.” Later questions may build on earlier ones.
          <//>`}
        ${turns.map((turn, key) => html`
          <div key=${key} class="turn-of ${turn.role}"><${Prose} text=${turn.text} /><${Cited} results=${turn.results} /></div>`)}
        ${waiting && html`<div class="turn-of user"><p class="prose">${waiting}</p></div>
          <div class="turn-of assistant" aria-busy="true"><p class="faint">Looking through your images…</p></div>`}
        <div ref=${end}></div>
      </div>
      <form class="say" onSubmit=${say}>
        <input aria-label="Message" placeholder="Message" maxlength=${LONGEST} value=${text} onInput=${(event) => setText(event.currentTarget.value)} />
        <button class="primary" aria-label="Send" disabled=${Boolean(waiting)}><${Icon} name="send" /></button>
      </form>
    </section>`;
}

/** A stored conversation, with what its replies listed as far as it is still there. */
async function turnsOf({ messages }) {
  const ids = [...new Set(messages.flatMap(({ items }) => items))];
  const found = new Map(await Promise.all(ids.map(async (id) => [id, await resultOf(id)])));
  return messages.flatMap(({ message, reply, items }) => [
    { role: "user", text: message, results: [] },
    { role: "assistant", text: reply, results: items.map((id) => found.get(id)).filter(Boolean) },
  ]);
}

/** An image as a search would list it; nothing for one that was deleted. */
async function resultOf(id) {
  try {
    const item = await call("GET", `items/${id}`);
    return { item_id: id, headline: titleOf(item), thumbnail_url: item.thumbnail_url };
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}
