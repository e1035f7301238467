using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.MailPrograms;

/// <summary>
/// <c>GET /api/v1/mobileconfig?address=</c>: a configuration profile that sets up iPhone, iPad and Mac. It holds no password; the device asks
/// for it. Every address gets the same answer, whether it exists or not.
/// </summary>
public static class MobileConfig
{
    private const string MediaType = "application/x-apple-aspen-config";
    private const string Imap = "imap", Pop = "pop";

    /// <summary>200; 400 when the address is none, or the protocol is neither <c>imap</c> nor <c>pop</c>.</summary>
    public static async Task<IResult> Handle(MailServers servers, ProfileSigner signer, string? address = null, string protocol = Imap)
    {
        ArgumentNullException.ThrowIfNull(servers);
        ArgumentNullException.ThrowIfNull(signer);
        if (!InternetNames.TryReadMailbox(address, out var mailbox)) return Problems.Of(PlatformProblems.BadParameter, "address", ("name", "address"));
        if (protocol is not (Imap or Pop)) return Problems.Of(PlatformProblems.BadParameter, "protocol", ("name", "protocol"));
        var profile = XmlAnswer.Bytes(Document(mailbox, protocol == Pop, await servers.ReadAsync()));
        return Results.File(signer.Sign(profile), MediaType, $"{mailbox[(mailbox.LastIndexOf('@') + 1)..]}.mobileconfig");
    }

    /// <summary>The profile. A later one of the same address takes its place on the device.</summary>
    private static XDocument Document(string address, bool byPop, MailServerFacts facts)
    {
        var identifier = $"{string.Join('.', facts.ReceivingHost.Split('.').Reverse())}.{Convert.ToHexStringLower(Hash(address))[..16]}";
        var account = Dictionary(
            ("PayloadType", "com.apple.mail.managed"), ("PayloadVersion", 1), ("PayloadIdentifier", $"{identifier}.mail"), ("PayloadUUID", Uuid($"{address} mail {byPop}")),
            ("PayloadDisplayName", address),
            ("EmailAccountDescription", address), ("EmailAccountType", byPop ? "EmailTypePOP" : "EmailTypeIMAP"), ("EmailAddress", address),
            ("IncomingMailServerHostName", facts.ReceivingHost), ("IncomingMailServerPortNumber", facts.Of(byPop ? "pop3" : "imap").Tls), ("IncomingMailServerUseSSL", true),
            ("IncomingMailServerUsername", address), ("IncomingMailServerAuthentication", "EmailAuthPassword"),
            ("OutgoingMailServerHostName", facts.SendingHost), ("OutgoingMailServerPortNumber", facts.Of("smtp").Tls), ("OutgoingMailServerUseSSL", true),
            ("OutgoingMailServerUsername", address), ("OutgoingMailServerAuthentication", "EmailAuthPassword"), ("OutgoingPasswordSameAsIncomingPassword", true));
        var profile = Dictionary(
            ("PayloadType", "Configuration"), ("PayloadVersion", 1), ("PayloadIdentifier", identifier), ("PayloadUUID", Uuid($"{address} profile {byPop}")),
            ("PayloadDisplayName", address), ("PayloadOrganization", facts.ReceivingHost), ("PayloadRemovalDisallowed", false), ("PayloadContent", new XElement("array", account)));
        return new(
            new XDocumentType("plist", "-//Apple//DTD PLIST 1.0//EN", "http://www.apple.com/DTDs/PropertyList-1.0.dtd", null),
            new XElement("plist", new XAttribute("version", "1.0"), profile));
    }

    private static XElement Dictionary(params (string Key, object Value)[] entries) => new("dict", entries.SelectMany(e => new[] { new XElement("key", e.Key), ValueOf(e.Value) }));

    private static XElement ValueOf(object value) => value switch
    {
        XElement element => element,
        int number => new("integer", number),
        bool flag => new(flag ? "true" : "false"),
        _ => new("string", value),
    };

    // Version 8 of RFC 9562: made of a hash, so that the same profile has the same one.
    private static string Uuid(string of)
    {
        var bytes = Hash(of)[..16];
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString().ToUpperInvariant();
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
