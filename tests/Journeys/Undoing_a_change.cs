namespace Hikyaku.Journeys;

public sealed class Undoing_a_change(PlatformUnderTest platform)
{
    [Fact, Trait("Rule", "OPS-3"), Trait("Rule", "ROLE-3")]
    public async Task Settings_are_changed_looked_up_as_they_were_and_put_back()
    {
        var account = await platform.AccountAsync(await platform.DomainAsync());
        var path = $"/api/v1/accounts/{account}";
        var before = (await platform.Operator.GetAsync(path)).Body!["capacityMb"]!.GetValue<int>();
        Assert.Equal(200, (await platform.Operator.SendAsync(HttpMethod.Patch, path, new { capacityMb = before + 50, comment = "moved to sales" })).Status);
        await platform.InForceAsync(account);

        var items = (await platform.Operator.GetAsync($"{path}/history")).Body!["items"]!.AsArray();
        var created = Uri.EscapeDataString(items[^1]!["at"]!.GetValue<string>());
        var then = (await platform.Operator.GetAsync($"{path}?at={created}")).Body!;
        Assert.Equal((before, null), (then["capacityMb"]!.GetValue<int>(), then["comment"]?.GetValue<string>()));
        Assert.Equal(400, (await platform.Operator.GetAsync($"{path}?at=yesterday")).Status);

        using (var user = await platform.SignInAsync(account, PlatformUnderTest.Password))
            Assert.Equal(403, (await user.SendAsync(HttpMethod.Post, $"{path}/history/{items[0]!["id"]}/undo")).Status);
        foreach (var item in items.Where(i => i!["undoable"]!.GetValue<bool>()))
            Assert.Equal(200, (await platform.Operator.SendAsync(HttpMethod.Post, $"{path}/history/{item!["id"]}/undo", new { })).Status);
        await platform.InForceAsync(account);
        var now = (await platform.Operator.GetAsync(path)).Body!;
        Assert.Equal((before, null), (now["capacityMb"]!.GetValue<int>(), now["comment"]?.GetValue<string>()));

        var first = await platform.Operator.SendAsync(HttpMethod.Post, $"{path}/history/{items[^1]!["id"]}/undo");
        Assert.Equal((409, "accounts.creation-not-undoable"), (first.Status, first.Code));
    }
}
