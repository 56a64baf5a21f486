// As a company's own page would: the snippet knows the click, and the sign-up form sends it along.
(function () {
  var shown = document.getElementById("click"), field = document.getElementById("click_id"),
    consent = document.getElementById("consent"), script = document.querySelector("script[data-program]");
  function show() {
    var id = window.tributary && window.tributary.clickId();
    if (id && shown) shown.textContent = id;
    if (id && field) field.value = id;
  }
  function ready() {
    show();
    window.tributary.ready.then(show);
  }
  if (consent) consent.addEventListener("click", function () { window.tributary.consent(); });
  if (window.tributary) ready(); else script.addEventListener("load", ready);
})();
