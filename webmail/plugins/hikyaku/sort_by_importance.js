// Adds the importance to what the list can be sorted by (WEB-1).
$(function () {
  $('#listoptions-sortcol').append($('<option>').val('priority').text(rcmail.gettext('importance', 'hikyaku')));
});
