// An invitation's code travels in the fragment, which browsers never send:
// put it into the form and out of the address.
const input = document.querySelector("[data-from-fragment]");
const code = decodeURIComponent(location.hash.slice(1));
if (input && code) {
  input.value = code;
  history.replaceState(null, "", location.pathname);
  input.form.requestSubmit();
}
