/* Tributary: keeps the click that led here. <script async src="…/t.js" data-program="acme"></script> */
(function (w, d) {
  var tag = d.currentScript, program = tag.dataset.program, at = tag.src.replace(/\/t\.js.*/, "/t/" + program),
    name = "tributary_" + program, query = new URLSearchParams(location.search),
    tid = query.get("tid"), via = query.get("via"), agree, agreed = new Promise(function (yes) { agree = yes; });
  function clickId() {
    var found = d.cookie.match("(?:^|; )" + name + "=([\\w-]+)");
    return found ? found[1] : null;
  }
  function json(answer) { return answer.ok ? answer.json() : Promise.reject(answer.status); }
  function click() {
    return fetch(at + "/click", {
      method: "POST", headers: { "content-type": "application/json" }, credentials: "omit",
      body: JSON.stringify({ via: via, url: location.href, referrer: d.referrer })
    }).then(json).then(function (made) { return made.click_id; });
  }
  function start() {
    return fetch(at, { credentials: "omit" }).then(json).then(function (rules) {
      return Promise.resolve(rules.consent_required && agreed).then(function () { return tid || click(); }).then(function (id) {
        if (/^[\w-]{36}$/.test(id) && !(rules.click_model == "first" && clickId()))
          d.cookie = name + "=" + id + ";path=/;samesite=lax;max-age=" + rules.window_days * 86400 +
            (tag.dataset.domain ? ";domain=" + tag.dataset.domain : "") + (location.protocol == "https:" ? ";secure" : "");
      });
    }).catch(function () {});
  }
  w.tributary = {
    clickId: clickId,
    consent: function () { agree(); },
    ready: Promise.resolve(program && (tid || via) && start()).then(clickId)
  };
})(window, document);
