// Told with every run of a page: its language, and what Streamlit's own words are called in it. Streamlit speaks
// English only; what it says aloud (aria-label), hints at (placeholder) or writes on its own buttons is replaced here.
const WRITTEN = [
  "button", "[role=menuitem]", "[role=tooltip]", "[role=option]", "[data-testid=stSkipToContent]",
  "[data-testid=stMainMenuPopover]", "[data-testid=stFileUploaderDropzone]", "[data-testid=stStatusWidget]",
  "[data-testid=stTooltipContent]", "[data-testid=stDialog]", "[data-testid=stFileChip]",
].join(",")
const SPOKEN = ["aria-label", "placeholder", "title"]
const CHART = "[data-testid=stEChartsChart]"
const FIGURE = /^-?\d{1,3}(,\d{3})*(\.\d+)?%?$/
const before = new WeakMap()
let words = {}
let saving = false

// The chart library writes figures the English way, wherever it is.
function localised(text) {
  if (document.documentElement.lang !== "de" || !FIGURE.test(text)) return text
  return text.replace(/[.,]/g, (sign) => (sign === "," ? "." : ","))
}

function translated(text) {
  if (words[text]) return words[text]
  const colon = text.indexOf(": ")
  if (colon > 0 && words[text.slice(0, colon)]) return words[text.slice(0, colon)] + text.slice(colon)
  const begin = Object.keys(words).find((word) => word.endsWith(" ") && text.startsWith(word))
  if (begin) return words[begin] + text.slice(begin.length)
  const end = Object.keys(words).find((word) => word.startsWith(" ") && text.endsWith(word))
  return end ? text.slice(0, -end.length) + words[end] : text
}

function replace(node, name, change, read, write) {
  const now = read()
  if (!now) return
  const known = before.get(node) ?? {}
  // What stands there is ours, unless Streamlit has written something else since.
  const source = known[name]?.shown === now ? known[name].source : now
  const shown = change(source)
  before.set(node, { ...known, [name]: { source, shown } })
  if (shown !== now) write(shown)
}

function speak(element) {
  for (const name of SPOKEN)
    replace(element, name, translated, () => element.getAttribute(name), (text) => element.setAttribute(name, text))
  // Symbols would be read as "group icon"; the text beside them says it all.
  if (element.matches("[role=img][aria-label$=' icon']")) {
    element.removeAttribute("role")
    element.removeAttribute("aria-label")
    element.setAttribute("aria-hidden", "true")
  }
}

function put(root) {
  if (root.nodeType === Node.TEXT_NODE) {
    if (root.parentElement?.closest(WRITTEN))
      replace(root, "text", translated, () => root.nodeValue.trim(), (text) => { root.nodeValue = text })
    else if (root.parentElement?.closest(CHART))
      replace(root, "text", localised, () => root.nodeValue.trim(), (text) => { root.nodeValue = text })
    return
  }
  if (root.nodeType !== Node.ELEMENT_NODE) return
  speak(root)
  for (const element of root.querySelectorAll("[aria-label], [placeholder], [title]")) speak(element)
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) put(texts.currentNode)
}

const observer = new MutationObserver((changes) => {
  for (const change of changes) {
    if (change.type === "attributes") speak(change.target)
    else if (change.type === "characterData") put(change.target)
    else for (const node of change.addedNodes) put(node)
  }
})

// What is painted is no text of the page: it is changed on its way to the canvas. A saved picture is painted anew on a
// canvas outside the page, while the button is still being clicked.
function paintFigures() {
  const paint = CanvasRenderingContext2D.prototype.fillText
  if (paint.localised) return
  CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    const ours = this.canvas.closest ? this.canvas.closest(CHART) || (saving && !this.canvas.isConnected) : saving
    return paint.call(this, ours ? localised(String(text)) : text, ...rest)
  }
  CanvasRenderingContext2D.prototype.fillText.localised = true
  document.addEventListener("click", (event) => {
    saving = Boolean(event.target.closest?.("[data-testid=stElementToolbarButton]"))
    setTimeout(() => { saving = false })
  }, true)
}

// A list of several stays open after a choice. It covers what the choice brings about and the buttons below, and hides
// the whole page from screen readers. Typing, the arrow keys or another click open it again.
function closeAfterChoice(event) {
  if (event.type === "click" ? !event.target.closest?.("[role=option]") : event.key !== "Enter") return
  const open = "[data-testid=stMultiSelect] input[aria-expanded=true]"
  setTimeout(() => document.querySelector(open)?.dispatchEvent(
    new KeyboardEvent("keydown", { key: "Escape", code: "Escape", bubbles: true, cancelable: true })))
}

// Pictures and large tables are painted: on paper their colours are turned where the page is dark.
function markDark() {
  const page = document.querySelector("[data-testid=stApp]")
  document.documentElement.classList.toggle("dark-page", getComputedStyle(page).colorScheme === "dark")
}

export default ({ data }) => {
  document.documentElement.lang = data.lang
  paintFigures()
  const other = JSON.stringify(words) !== JSON.stringify(data.words)
  words = data.words
  if (!other) return
  observer.disconnect()
  put(document.body)
  observer.observe(document.body, {
    subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: SPOKEN,
  })
  for (const type of ["click", "keydown"]) {
    document.removeEventListener(type, closeAfterChoice, true)
    document.addEventListener(type, closeAfterChoice, true)
  }
  window.removeEventListener("beforeprint", markDark)
  window.addEventListener("beforeprint", markDark)
}
