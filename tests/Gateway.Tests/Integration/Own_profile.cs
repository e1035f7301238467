using System.Net;
using System.Text.Json.Nodes;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Gateway.Tests.Integration;

[Trait("Rule", "GWY-1")]
public sealed class Own_profile(Deployment deployment)
{
    private readonly Client _client = deployment.Client;

    [Theory]
    [InlineData("admin")]
    [InlineData("user")]
    public async Task Preferences_are_ones_own_and_follow_to_every_session(string role)
    {
        var tenant = await deployment.TenantAsync();
        var login = role == "admin" ? tenant.Admin : tenant.User;
        var mine = await _client.SignInAsync(login, Deployment.Password);
        var before = (await _client.GetAsync("/api/v1/me", mine)).Body!;
        Assert.Equal((role, login, null), (before["role"]!.GetValue<string>(), before["login"]!.GetValue<string>(), before["language"]));

        await ChangeAsync(mine, new { language = "ja", timeZone = "Asia/Tokyo", theme = "dark" });
        await ChangeAsync(mine, new { theme = "", rowsPerPage = 100 });

        var again = (await _client.GetAsync("/api/v1/me", await _client.SignInAsync(login, Deployment.Password))).Body!;
        Assert.Equal(("ja", "Asia/Tokyo", null, 100), (again["language"]!.GetValue<string>(), again["timeZone"]!.GetValue<string>(), again["theme"], again["rowsPerPage"]!.GetValue<int>()));
        Assert.Null((await _client.GetAsync("/api/v1/me", await _client.SignInAsync(tenant.OtherUser, Deployment.Password))).Body!["language"]);
    }

    [Fact, Trait("Rule", "GWY-3")]
    public async Task All_that_is_wrong_is_named_and_nothing_is_changed()
    {
        var tenant = await deployment.TenantAsync();
        var mine = await _client.SignInAsync(tenant.User, Deployment.Password);

        var wrong = await _client.SendAsync(HttpMethod.Patch, "/api/v1/me", mine, new { language = "fr", timeZone = "Mars/Olympus", theme = "pink", rowsPerPage = 9 });

        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.Status);
        Assert.Equal(["language", "timeZone", "theme", "rowsPerPage"], wrong.Body!["errors"]!.AsArray().Select(e => e!["field"]!.GetValue<string>()));
        await _client.MustAsync(HttpStatusCode.OK, HttpMethod.Patch, "/api/v1/me?dryRun=true", mine, new { language = "en" });
        Assert.Null((await _client.GetAsync("/api/v1/me", mine)).Body!["language"]);
    }

    [Fact, Trait("Rule", "OPS-6")]
    public async Task A_later_account_of_the_address_has_no_preference_of_the_former()
    {
        var tenant = await deployment.TenantAsync();
        var (admin, id) = (await _client.SignInAsync(tenant.Admin, Deployment.Password), await deployment.AccountIdAsync(tenant.User));
        await ChangeAsync(await _client.SignInAsync(tenant.User, Deployment.Password), new { language = "ja" });
        Assert.Equal(1, await deployment.PreferencesOfAsync(id));

        await _client.MustAsync(HttpStatusCode.Accepted, HttpMethod.Delete, $"/api/v1/accounts/{tenant.User}", admin);

        await Eventually.Async(() => deployment.HasErasedAsync(id), TimeSpan.FromSeconds(10));
        Assert.Equal(0, await deployment.PreferencesOfAsync(id));
    }

    [Fact, Trait("Rule", "GWY-2")]
    public async Task A_token_reads_what_it_may_do_and_changes_no_preference()
    {
        var tenant = await deployment.TenantAsync();
        var mine = await _client.SignInAsync(tenant.User, Deployment.Password);
        var text = (await _client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, "/api/v1/tokens", mine, new { name = "x", scopes = new[] { "spam:read" } })).Body!["token"]!.GetValue<string>();

        Assert.Equal("[\"spam:read\"]", (await _client.GetAsync("/api/v1/me", text)).Body!["scopes"]!.ToJsonString());
        Assert.Equal("tokens.sign-in-needed", (await _client.SendAsync(HttpMethod.Patch, "/api/v1/me", text, new { language = "ja" })).Code);
    }

    private async Task<JsonNode> ChangeAsync(string token, object body) => (await _client.MustAsync(HttpStatusCode.OK, HttpMethod.Patch, "/api/v1/me", token, body)).Body!;
}
