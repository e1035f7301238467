using Hikyaku.Accounts.Nodes;
using Hikyaku.Contracts;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.Tests.Specs;

/// <summary>Operators are alarmed when what a node fetches for its spam filter and virus scanner gets old (SPM-7).</summary>
public sealed class Age_of_definitions
{
    private static readonly DateTimeOffset Now = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    [Fact, Trait("Rule", "SPM-7")]
    public void What_is_older_than_24_hours_is_told_to_operators_once_a_day()
    {
        var lease = Lease((DefinitionNames.SpamRules, Now.AddHours(-24)), (DefinitionNames.VirusSignatures, Now.AddHours(-25)));
        var notice = Assert.Single(StaleDefinitions.Of([lease], Now));
        Assert.Equal(("stale-definitions", true, false), (notice.Kind, notice.Audience.Operators, notice.Audience.Administrators));
        Assert.Equal("The virus signatures of mail1 have not been updated for 25 hours.", notice.Texts["en"]);
        Assert.Equal("mail1 のウイルス定義が 25 時間更新されていません。", notice.Texts["ja"]);
        Assert.Equal(notice.NoticeId, StaleDefinitions.Of([lease], Now.AddMinutes(10)).Single(n => n.Replaces == notice.Replaces).NoticeId);
        var tomorrow = StaleDefinitions.Of([lease with { Until = Now.AddDays(2) }], Now.AddDays(1)).ToList();
        Assert.Equal(2, tomorrow.Count);
        Assert.DoesNotContain(tomorrow, n => n.NoticeId == notice.NoticeId);
    }

    [Fact, Trait("Rule", "SPM-7")]
    public void A_node_that_fetches_nothing_or_is_gone_alarms_nobody()
    {
        Assert.Empty(StaleDefinitions.Of([Lease() with { Definitions = null }], Now));
        Assert.Empty(StaleDefinitions.Of([Lease((DefinitionNames.SpamRules, Now.AddDays(-9))) with { Until = Now }], Now));
    }

    private static NodeLease Lease(params (string Name, DateTimeOffset At)[] definitions) => new()
    {
        Id = "mail1",
        Until = Now.AddMinutes(11),
        Applied = new Dictionary<string, long>(),
        Definitions = definitions.ToDictionary(d => d.Name, d => d.At),
    };
}
