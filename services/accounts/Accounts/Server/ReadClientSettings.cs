using Hikyaku.Platform;

namespace Hikyaku.Accounts.Server;

/// <summary>What a mail program must be told of an account (CLI-1). The password is the account's.</summary>
/// <param name="Address">The account.</param>
/// <param name="UserName">The same: user names are addresses.</param>
/// <param name="Receiving">The ways to fetch mail, the recommended one first.</param>
/// <param name="Sending">The ways to send mail, the recommended one first.</param>
/// <param name="LoginWithoutTls">Whether the ports of <c>starttls</c> also take a login without encryption (NOD-1).</param>
/// <param name="Profile">The gateway's path of the profile for iPhone, iPad and Mac; it needs no session.</param>
public sealed record ClientSettingsView(
    string Address, string UserName, IReadOnlyList<ServerAccess> Receiving, IReadOnlyList<ServerAccess> Sending, bool LoginWithoutTls, string Profile);

/// <summary>One way to a server.</summary>
/// <param name="Protocol"><c>imap</c>, <c>pop3</c> or <c>smtp</c>.</param>
/// <param name="Host">The server.</param>
/// <param name="Port">Its port.</param>
/// <param name="Security"><c>tls</c> from the beginning, or <c>starttls</c>.</param>
public sealed record ServerAccess(string Protocol, string Host, int Port, string Security);

/// <summary>Tells what a mail program must be told.</summary>
public static class ReadClientSettings
{
    /// <summary><c>GET /api/v1/accounts/{address}/client-settings</c> → 200.</summary>
    public static IResult Handle(HttpContext http, IConfiguration configuration)
    {
        var address = http.Asking().Target!.Address;
        var server = ReadServer.Of(configuration);
        return new Answer(200, new ClientSettingsView(
            address, address, [.. WaysTo("imap", server.ReceivingHost), .. WaysTo("pop3", server.ReceivingHost)], [.. WaysTo("smtp", server.SendingHost)],
            server.LoginWithoutTls, $"/api/v1/mobileconfig?address={Uri.EscapeDataString(address)}"));

        IEnumerable<ServerAccess> WaysTo(string protocol, string host)
        {
            var ports = server.Ports.First(p => p.Protocol == protocol);
            return [new(protocol, host, ports.Tls, "tls"), new(protocol, host, ports.Plain, "starttls")];
        }
    }
}
