using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace Hikyaku.Platform;

/// <summary>
/// The policy by which other mail servers send to this platform over TLS only, to these hosts only (MTA-STS, RFC 8461): the gateway serves it
/// at <c>https://mta-sts.DOMAIN/.well-known/mta-sts.txt</c>, and a domain's DNS names its id. Both read it from <c>Hikyaku:MtaSts</c>.
/// </summary>
/// <param name="Mode"><c>testing</c>, <c>enforce</c> or <c>none</c> (a policy that is being withdrawn).</param>
/// <param name="Hosts">The hosts that take mail, as MX records name them (<c>Hosts</c>, separated by commas).</param>
/// <param name="MaxAge">How long senders keep it (<c>MaxAge</c>; a week unless set).</param>
public sealed record MtaStsPolicy(string Mode, IReadOnlyList<string> Hosts, TimeSpan MaxAge)
{
    private const int IdLength = 20; // of at most 32 letters and digits (RFC 8461, 3.1)
    private static readonly string[] Modes = ["none", "testing", "enforce"];

    /// <summary>The lines of the file (RFC 8461, 3.2).</summary>
    public string Text { get; } = string.Concat(new[] { "version: STSv1", $"mode: {Mode}" }
        .Concat(Hosts.Select(h => $"mx: {h}"))
        .Append(string.Create(CultureInfo.InvariantCulture, $"max_age: {(long)MaxAge.TotalSeconds}"))
        .Select(line => line + "\r\n"));

    /// <summary>Changes with the policy, so that senders fetch the new one.</summary>
    public string Id => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text)))[..IdLength];

    /// <summary>Reads it; null where no mode is set. What cannot be read is an error at the start.</summary>
    public static MtaStsPolicy? Read(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var section = configuration.GetSection("Hikyaku:MtaSts");
        if (section["Mode"] is not { Length: > 0 } mode) return null;
        if (!Modes.Contains(mode)) throw new InvalidOperationException($"Hikyaku:MtaSts:Mode must be none, testing or enforce, not '{mode}'");
        string[] hosts = [.. (section["Hosts"] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
        if (hosts.Length == 0) throw new InvalidOperationException("With Hikyaku:MtaSts:Mode, Hikyaku:MtaSts:Hosts must name the hosts that take mail");
        return new(mode, hosts, section.GetValue("MaxAge", TimeSpan.FromDays(7)));
    }
}
