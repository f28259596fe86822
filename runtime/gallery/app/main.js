/** Begins: finishes a sign-in that is under way, then shows the gallery or the way in. */
import { render } from "preact";
import { html } from "./html.js";
import { readPlace } from "./router.js";
import { end, finishSignIn, session } from "./session.js";
import { useStore } from "./store.js";
import { applyTheme } from "./theme.js";
import { Shell } from "./views/shell.js";
import { Welcome } from "./views/welcome.js";

function App() {
  const { tokens, notice } = useStore(session);
  return tokens ? html`<${Shell} />` : html`<${Welcome} notice=${notice} />`;
}

async function begin() {
  applyTheme();
  try {
    await finishSignIn();
    readPlace();
  } catch (error) {
    end(error.message);
  }
  render(html`<${App} />`, document.getElementById("gallery"));
}

void begin();
