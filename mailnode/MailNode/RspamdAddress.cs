namespace Hikyaku.MailNode;

/// <summary>Where the Rspamd that judges incoming mail is asked and taught.</summary>
/// <param name="Controller">Its worker "controller" (<c>Hikyaku:Rspamd</c>).</param>
/// <param name="Password">Its password, from the file <c>Hikyaku:RspamdPassword</c>.</param>
public sealed record RspamdAddress(Uri Controller, string Password);
