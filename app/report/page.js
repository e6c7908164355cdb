/* Extras only: sorting by a click on a heading, and keys for the large picture. Well-formed XML, so no "less than" here. */
document.querySelectorAll('table.sortable th').forEach(function (heading, column) {
  heading.addEventListener('click', function () {
    var table = heading.closest('table'), body = table.tBodies[0];
    var index = Array.prototype.indexOf.call(heading.parentNode.children, heading);
    var falls = heading.getAttribute('aria-sort') !== 'descending';
    var value = function (row) {
      var text = row.children[index].getAttribute('data-value');
      return text === null ? row.children[index].textContent : Number(text);
    };
    table.querySelectorAll('th').forEach(function (other) { other.removeAttribute('aria-sort'); });
    heading.setAttribute('aria-sort', falls ? 'descending' : 'ascending');
    Array.from(body.rows).sort(function (a, b) {
      var x = value(a), y = value(b), order = x === y ? 0 : x > y ? 1 : -1;
      return falls ? -order : order;
    }).forEach(function (row) { body.appendChild(row); });
  });
});
document.addEventListener('keydown', function (event) {
  var name = { Escape: 'close', ArrowLeft: 'back', ArrowRight: 'on' }[event.key];
  var link = name ? document.querySelector('.picture:target nav .' + name) : null;
  if (link) { event.preventDefault(); link.click(); }
});
