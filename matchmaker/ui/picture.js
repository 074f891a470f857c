// A button below a picture that saves it: Streamlit's own button does so, but shows itself to the mouse only, and
// names every file alike.
export default ({ data, parentElement }) => {
  const button = parentElement.querySelector("button")
  button.textContent = data.label
  button.setAttribute("aria-label", `${data.label}: ${data.alt}`)
  button.onclick = () => {
    const own = document.querySelector(`.st-key-${data.key} [data-testid=stElementToolbarButton] button`)
    const named = (event) => {
      if (event.target.download) event.target.download = data.file
    }
    document.addEventListener("click", named, true)
    own?.click()
    document.removeEventListener("click", named, true)
  }
}
