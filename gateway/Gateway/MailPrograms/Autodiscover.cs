using System.Xml;
using System.Xml.Linq;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.MailPrograms;

/// <summary>
/// <c>POST /autodiscover/autodiscover.xml</c>, in any case: 'plain old XML' autodiscover, which Outlook asks of
/// <c>autodiscover.DOMAIN</c>. Refusals have the protocol's form, in a 200, as Outlook reads no other. Every address gets the same answer,
/// whether it exists or not.
/// </summary>
public static class Autodiscover
{
    /// <summary>The largest request, in bytes; Outlook's have some hundreds.</summary>
    public const int MaxBytes = 16 * 1024;

    private const string InvalidRequest = "600";
    private const string SchemaUnknown = "601";

    private static readonly XNamespace Answers = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006";
    private static readonly XNamespace Outlook = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

    // No document type: with it there are no entities, and nothing is fetched.
    private static readonly XmlReaderSettings Careful = new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = MaxBytes };

    /// <summary>200, with settings or an error of the protocol.</summary>
    public static async Task<IResult> Handle(HttpContext http, MailServers servers, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(time);
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        body.Position = 0;
        var (address, schema) = Read(body);
        if (!InternetNames.TryReadMailbox(address, out var mailbox)) return XmlAnswer.Of(Refusal(InvalidRequest, "Invalid Request", time));
        if (schema is { Length: > 0 } && schema != Outlook.NamespaceName) return XmlAnswer.Of(Refusal(SchemaUnknown, "Requested schema version not supported", time));
        return XmlAnswer.Of(Settings(mailbox, await servers.ReadAsync()));
    }

    /// <summary>What a request asks for; null where it does not say so, or is no XML.</summary>
    private static (string? Address, string? Schema) Read(Stream body)
    {
        try
        {
            using var reader = XmlReader.Create(body, Careful);
            var asked = XDocument.Load(reader).Root?.Elements().FirstOrDefault(e => e.Name.LocalName == "Request")?.Elements().ToList() ?? [];
            return (ValueOf("EMailAddress"), ValueOf("AcceptableResponseSchema"));

            string? ValueOf(string name) => asked.FirstOrDefault(e => e.Name.LocalName == name)?.Value.Trim();
        }
        catch (XmlException)
        {
            return default; // answered as an invalid request
        }
    }

    private static XDocument Settings(string address, MailServerFacts facts) => new(
        new XElement(Answers + "Autodiscover",
            new XElement(Outlook + "Response",
                new XElement(Outlook + "Account",
                    new XElement(Outlook + "AccountType", "email"),
                    new XElement(Outlook + "Action", "settings"),
                    Server("IMAP", facts.ReceivingHost, facts.Of("imap").Tls, address),
                    Server("POP3", facts.ReceivingHost, facts.Of("pop3").Tls, address),
                    Server("SMTP", facts.SendingHost, facts.Of("smtp").Tls, address)))));

    private static XElement Server(string type, string host, int port, string address) => new(
        Outlook + "Protocol",
        new XElement(Outlook + "Type", type),
        new XElement(Outlook + "Server", host),
        new XElement(Outlook + "Port", port),
        new XElement(Outlook + "DomainRequired", "off"),
        new XElement(Outlook + "LoginName", address),
        new XElement(Outlook + "SPA", "off"),
        new XElement(Outlook + "SSL", "on"),
        new XElement(Outlook + "Encryption", "SSL"),
        new XElement(Outlook + "AuthRequired", "on"),
        type == "SMTP" ? new XElement(Outlook + "UsePOPAuth", "off") : null,
        type == "SMTP" ? new XElement(Outlook + "SMTPLast", "off") : null);

    private static XDocument Refusal(string code, string message, TimeProvider time) => new(
        new XElement(Answers + "Autodiscover",
            new XElement(Answers + "Response",
                new XElement(Answers + "Error",
                    new XAttribute("Time", time.GetUtcNow().ToString("HH:mm:ss.fffffff", System.Globalization.CultureInfo.InvariantCulture)),
                    new XAttribute("Id", "0"),
                    new XElement(Answers + "ErrorCode", code),
                    new XElement(Answers + "Message", message),
                    new XElement(Answers + "DebugData")))));
}
