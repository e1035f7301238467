using Hikyaku.Platform.Testing;

namespace Hikyaku.Journeys;

/// <summary>The small size of what <c>./dev chaos</c> does for ten minutes, and the company that <c>./dev seed</c> makes.</summary>
public sealed class Chaos_and_seed_data(PlatformUnderTest platform)
{
    [Fact, Trait("Rule", "REL-1")]
    public async Task A_minute_of_kills_loses_and_doubles_no_command_and_no_message()
    {
        // The ten seconds of REL-1 are those of a machine that does nothing else; here other tests run at the same time, beside which the
        // broker alone has taken two minutes to start.
        var told = await PlatformUnderTest.DevAsync("chaos", "--minutes", "1", "--seed", "7", "--ready", "600", "--converge", "60");
        Assert.Contains("| wrong | 0 |", told, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "REL-6")]
    public async Task The_seed_makes_a_company_with_an_account_over_capacity_and_is_repeatable()
    {
        const string domain = "hoshi-shokai.example.jp";
        Assert.Contains("12 accounts are new", await PlatformUnderTest.DevAsync("seed"), StringComparison.Ordinal);
        var list = await platform.Operator.GetAsync($"/api/v1/domains/{domain}/accounts?query={Uri.EscapeDataString("総務")}");
        Assert.Equal($"hanako.sato@{domain}", list.Body!["items"]!.AsArray().Single()!["address"]!.GetValue<string>());
        Assert.Equal(200, (await platform.Operator.GetAsync($"/api/v1/domains/{Uri.EscapeDataString("星商会.example.jp")}")).Status);
        await platform.ArrivesAsync($"jiro.suzuki@{domain}", "今週の会議");
        await platform.ArrivesAsync($"ken.watanabe@{domain}", "社員旅行の写真");
        // One account in every state.
        var full = await Eventually.Async(() => platform.Operator.GetAsync($"/api/v1/accounts/ken.watanabe@{domain}"), r => r.Body?["usedMb"]?.GetValue<int>() > 1);
        Assert.Equal(1, full.Body!["capacityMb"]!.GetValue<int>());
        Assert.True((await platform.Operator.GetAsync($"/api/v1/accounts/emi.kobayashi@{domain}")).Body!["passwordForciblyChanged"]!.GetValue<bool>());
        Assert.Equal(404, (await platform.Operator.GetAsync($"/api/v1/accounts/goro.kato@{domain}")).Status);
        await Eventually.Async(() => platform.SubjectsAsync($"naomi.yoshida@{domain}", 0), s => s.Count == 0, TimeSpan.FromSeconds(60));
        (await platform.SignInAsync("tsubaki", PlatformUnderTest.Password)).Dispose();

        Assert.Contains("0 accounts are new", await PlatformUnderTest.DevAsync("seed"), StringComparison.Ordinal);
        Assert.Single(await platform.SubjectsAsync($"jiro.suzuki@{domain}", 1));
        await PlatformUnderTest.VerifyAsync();
    }
}
