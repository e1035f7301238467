using System.Xml.Linq;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.MailPrograms;

/// <summary>
/// <c>GET /mail/config-v1.1.xml</c> and <c>GET /.well-known/autoconfig/mail/config-v1.1.xml</c>: what Thunderbird and others that know its
/// format ask of <c>autoconfig.DOMAIN</c> and <c>DOMAIN</c>. Every address gets the same answer, whether it exists or not. Ways
/// without TLS are not offered.
/// </summary>
public static class Autoconfig
{
    // The program fills this in itself, so that no address need stand in the answer.
    private const string UserName = "%EMAILADDRESS%";
    private const string OwnHost = "autoconfig.";

    /// <summary>200; 400 when the address is none.</summary>
    /// <param name="http">The request.</param>
    /// <param name="servers">Where mail is.</param>
    /// <param name="emailAddress">Whose program asks; may be left out, then the domain is the host's that was asked.</param>
    public static async Task<IResult> Handle(HttpContext http, MailServers servers, string? emailAddress = null)
    {
        string? domain = null;
        if (!string.IsNullOrEmpty(emailAddress) && !InternetNames.TryReadAddress(emailAddress, out _, out domain))
            return Problems.Of(PlatformProblems.BadParameter, "emailaddress", ("name", "emailaddress"));
        var facts = await servers.ReadAsync();
        return XmlAnswer.Of(Document(domain ?? DomainOf(http.Request.Host.Host) ?? facts.ReceivingHost, facts));
    }

    /// <summary>The configuration of a domain.</summary>
    private static XDocument Document(string domain, MailServerFacts facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        var (imap, pop, smtp) = (facts.Of("imap"), facts.Of("pop3"), facts.Of("smtp"));
        return new(
            new XElement("clientConfig", new XAttribute("version", "1.1"),
                new XElement("emailProvider", new XAttribute("id", domain),
                    new XElement("domain", domain),
                    new XElement("displayName", domain),
                    new XElement("displayShortName", domain),
                    Server("incomingServer", "imap", facts.ReceivingHost, imap.Tls, "SSL"),
                    Server("incomingServer", "imap", facts.ReceivingHost, imap.Plain, "STARTTLS"),
                    Server("incomingServer", "pop3", facts.ReceivingHost, pop.Tls, "SSL"),
                    Server("incomingServer", "pop3", facts.ReceivingHost, pop.Plain, "STARTTLS"),
                    Server("outgoingServer", "smtp", facts.SendingHost, smtp.Tls, "SSL"),
                    Server("outgoingServer", "smtp", facts.SendingHost, smtp.Plain, "STARTTLS")),
                facts.Webmail is null ? null : new XElement("webMail", new XElement("loginPage", new XAttribute("url", facts.Webmail)))));
    }

    private static XElement Server(string name, string type, string host, int port, string socket) => new(
        name, new XAttribute("type", type),
        new XElement("hostname", host),
        new XElement("port", port),
        new XElement("socketType", socket),
        new XElement("authentication", "password-cleartext"), // PLAIN or LOGIN, within TLS
        new XElement("username", UserName));

    private static string? DomainOf(string host)
        => InternetNames.TryReadDomain(host.StartsWith(OwnHost, StringComparison.OrdinalIgnoreCase) ? host[OwnHost.Length..] : host, out var domain) ? domain : null;
}
