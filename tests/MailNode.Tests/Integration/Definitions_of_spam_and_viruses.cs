using System.Net;
using Hikyaku.Contracts;
using Hikyaku.Platform.Testing;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>Rules of Rspamd and signatures of ClamAV that a node fetches, and what the node's switches turn off; nothing is fetched here.</summary>
[Collection(OneNode.Name), Trait("Rule", "SPM-7")]
public sealed class Definitions_of_spam_and_viruses(NodeFixture fixture)
{
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact]
    public async Task With_updates_on_the_configuration_says_from_where_and_where_to()
    {
        var home = $"{_node.Home}/mailnode2";
        await _node.RenderAsync("HIKYAKU_NODE_FOLDER=mailnode2", $"HIKYAKU_MEMORY={_node.Home}", "HIKYAKU_UPDATES=on", "HIKYAKU_LEARNING=off");
        var freshclam = await File.ReadAllLinesAsync($"{home}/clamav/freshclam.conf", TestContext.Current.CancellationToken);
        Assert.Contains("DatabaseMirror database.clamav.net", freshclam);
        Assert.Contains($"DatabaseDirectory {home}/clamav/signatures", freshclam);
        foreach (var module in new[] { "fuzzy_check", "rspamd_update", "rbl" })
            Assert.Equal("enabled = true;", (await File.ReadAllTextAsync($"{home}/scanner/local.d/{module}.conf", TestContext.Current.CancellationToken)).Trim());
        var options = await GuardedProcess.RunAsync("root", "rspamadm", $"--var=LOCAL_CONFDIR={home}/scanner", "configdump", "-c", "/etc/rspamd/rspamd.conf", "options");
        Assert.Contains($"maps_cache_dir = \"{home}/run/scanner\"", options, StringComparison.Ordinal);
        Assert.DoesNotContain("127.0.0.1:1", options, StringComparison.Ordinal); // the machine's resolvers are asked
        Assert.DoesNotContain("imap_sieve\n", await File.ReadAllTextAsync($"{home}/dovecot/dovecot.conf", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_lease_tells_how_old_they_are()
    {
        var (rules, signatures) = (DateTimeOffset.UtcNow.AddHours(-3), DateTimeOffset.UtcNow.AddHours(-30));
        string[] files = [$"{_node.Home}/mailnode/run/scanner/1.map", $"{_node.Home}/mailnode/clamav/signatures/daily.cvd"];
        try
        {
            foreach (var (file, at) in files.Zip([rules, signatures]))
            {
                await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
                File.SetLastWriteTimeUtc(file, at.UtcDateTime);
            }

            await _node.RestartAgentAsync("--Hikyaku:Updates=true");
            await Eventually.Async(() => AgeInLease(DefinitionNames.SpamRules) == rules.ToUnixTimeSeconds() && AgeInLease(DefinitionNames.VirusSignatures) == signatures.ToUnixTimeSeconds());
        }
        finally
        {
            foreach (var file in files) File.Delete(file);
            await _node.RestartAgentAsync();
        }
    }

    [Fact]
    public async Task With_learning_off_nothing_is_taught()
    {
        try
        {
            await _node.RestartAgentAsync("--Hikyaku:Learning=false");
            using var http = new HttpClient();
            http.DefaultRequestHeaders.Add("X-Mailbox", "taro@example.jp");
            using var content = new StringContent("Subject: x\r\n\r\ntext\r\n");
            using var answer = await http.PostAsync(new Uri(_node.AgentAddress, "/learn/spam"), content, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
        finally
        {
            await _node.RestartAgentAsync();
        }
    }

    private long? AgeInLease(string name)
        => _node.Spam.Lease is { } lease && lease.TryGetProperty("definitions", out var ages) && ages.ValueKind == System.Text.Json.JsonValueKind.Object && ages.TryGetProperty(name, out var at)
            ? at.GetDateTimeOffset().ToUnixTimeSeconds() : null;
}
