using Hikyaku.Platform.Testing;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary><c>hikyaku verify</c> on a platform that nobody has damaged.</summary>
public sealed class Verifying_what_is_right(VerifiedService service) : IClassFixture<VerifiedService>
{
    [Fact, Trait("Rule", "REL-6")]
    public async Task Nothing_is_found_where_nothing_is_wrong_also_when_accounts_change_meanwhile()
    {
        await service.AccountAsync();
        var quiet = await service.VerifyAsync();
        Assert.Empty(quiet.Disagreements);
        Assert.Matches(@"^\d+ streams of \d+ events; node mail1 with \d+ rows: no disagreement$", quiet.Summary);

        var domain = await service.Accounts.DomainAsync(maxAccounts: 100_000);
        using var stop = new CancellationTokenSource();
        var changing = Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var address = await service.Accounts.AccountAsync(domain, $"user{i}", capacityMb: 1);
                await service.Accounts.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{address}", new { comment = $"{i}", password = "Betsu-no-98yz" });
                await service.ListToNodeAsync();
            }
        });
        for (var i = 0; i < 3; i++) Assert.Empty((await service.VerifyAsync(seconds: 20)).Disagreements);
        await stop.CancelAsync();
        await changing;
    }

    [Fact, Trait("Rule", "REL-1"), Trait("Rule", "REL-6")]
    public async Task What_Marten_leaves_of_a_broken_append_is_nobodys_history()
    {
        await service.AccountAsync();
        await BrokenAppend.LeaveAsync(service.Accounts.Database);
        await service.ListToNodeAsync();
        Assert.Empty((await service.VerifyAsync(seconds: 20)).Disagreements);
    }

    [Fact, Trait("Rule", "REL-6")]
    public async Task What_is_wrong_only_for_a_moment_is_not_told()
    {
        var (_, _, id) = await service.AccountAsync();
        service.DamageReplica("UPDATE mailbox SET capacity_mb = 5 WHERE account_id = $1", id);
        var verifying = service.VerifyAsync(seconds: 20);
        await Eventually.Async(async () => (await service.FoundAsync(id)).Length == 1); // it has been seen by others, too
        service.DamageReplica("UPDATE mailbox SET capacity_mb = 300 WHERE account_id = $1", id);
        Assert.Empty((await verifying).Disagreements);
    }
}
