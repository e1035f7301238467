namespace Hikyaku.Copier;

/// <summary>How a connection is protected.</summary>
public enum CopySecurity
{
    /// <summary>TLS from the first byte (port 993).</summary>
    Tls,

    /// <summary>TLS after STARTTLS (port 143).</summary>
    StartTls,

    /// <summary>None: passwords and mail can be read on the way.</summary>
    Plain,
}

/// <summary>The mailbox that is copied from.</summary>
/// <param name="Host">The server's name or address.</param>
/// <param name="UserName">The login.</param>
/// <param name="Secret">Its password or token.</param>
/// <param name="Port">Null: 993 is tried, then 143.</param>
/// <param name="Security">Null: it is found by trying.</param>
/// <param name="AllowPlain">Whether the user agrees to a connection without TLS if there is no other.</param>
/// <param name="AcceptedCertificate">
/// The SHA-256 fingerprint, in hexadecimal digits, of the one invalid certificate that the user agrees to; null: only valid ones are accepted.
/// </param>
public sealed record CopySource(
    string Host, string UserName, CopySecret Secret, int? Port = null, CopySecurity? Security = null, bool AllowPlain = false, string? AcceptedCertificate = null);

/// <summary>The mailbox that is copied to. Its server must know MULTIAPPEND, LITERAL+ and UIDPLUS, as Dovecot does.</summary>
/// <param name="Host">The server's name or address. It is the operator's and not judged.</param>
/// <param name="Port">Its port.</param>
/// <param name="UserName">The login, such as Dovecot's <c>user*master</c>.</param>
/// <param name="Secret">Its password.</param>
/// <param name="Tls">Whether the connection has TLS from the first byte.</param>
public sealed record CopyDestination(string Host, int Port, string UserName, CopySecret Secret, bool Tls = false);

/// <summary>A password or a token, which no text shows.</summary>
/// <param name="value">What is sent to the server.</param>
/// <param name="isToken">Whether it is an OAuth 2 access token (XOAUTH2, OAUTHBEARER).</param>
public sealed class CopySecret(string value, bool isToken = false)
{
    internal string Value { get; } = value;

    internal bool IsToken { get; } = isToken;

    /// <summary>Never the secret.</summary>
    public override string ToString() => "(secret)";
}
