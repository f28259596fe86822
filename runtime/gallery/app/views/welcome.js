/** What one sees before one is signed in. */
import { useState } from "preact/hooks";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { signIn } from "../session.js";

export function Welcome({ notice }) {
  const [problem, setProblem] = useState("");
  const [leaving, setLeaving] = useState(false);
  async function leave() {
    setLeaving(true);
    try {
      await signIn();
    } catch (error) {
      setProblem(error.message);
      setLeaving(false);
    }
  }
  const said = problem || notice;
  return html`
    <main class="welcome">
      <div class="welcome-card">
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
          <rect x="2" y="3" width="16" height="12" rx="3" /><rect x="20" y="3" width="10" height="12" rx="3" class="faint" />
          <rect x="2" y="17" width="10" height="12" rx="3" class="faint" /><rect x="14" y="17" width="16" height="12" rx="3" />
        </svg>
        <h1>Collections</h1>
        <p>Your screenshots, photographs and scans, found again by what they mean and by the words in them.</p>
        ${said && html`<p class="said" role="alert"><${Icon} name="alert" />${said}</p>`}
        <button class="primary large" onClick=${leave} disabled=${leaving}>${leaving ? "One moment…" : "Sign in"}</button>
      </div>
    </main>`;
}
