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

    [Fact, Trait("Rule", "OPS-3"), Trait("Rule", "GWY-5")]
    public async Task A_registration_is_undone_but_for_the_account_that_has_just_got_mail()
    {
        var domain = await platform.DomainAsync();
        var file = $"mail_account,password\ntaro,{PlatformUnderTest.Password}\njiro,{PlatformUnderTest.Password}\nsaburo,{PlatformUnderTest.Password}\n";
        var import = await platform.UploadAsync(domain, "imports", file);
        await platform.JobAsync(import, "succeeded");
        await platform.DeliverAsync($"jiro@{domain}", "just now");
        await platform.ArrivesAsync($"jiro@{domain}", "just now");

        var undo = await platform.Operator.SendAsync(HttpMethod.Post, $"/api/v1/jobs/{import.Body!["id"]}/undo");
        var result = (await platform.JobAsync(undo, "succeeded"))["result"]!;
        Assert.Equal([$"jiro@{domain} accounts.holds-mail"], result["left"]!.AsArray().Select(l => $"{l!["address"]} {l["code"]}"));
        Assert.Equal(404, (await platform.Operator.GetAsync($"/api/v1/accounts/taro@{domain}")).Status);
        Assert.Equal(404, (await platform.Operator.GetAsync($"/api/v1/accounts/saburo@{domain}")).Status);
        await platform.ArrivesAsync($"jiro@{domain}", "just now");
    }
}
