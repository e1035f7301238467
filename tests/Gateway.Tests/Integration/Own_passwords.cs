using System.Net;
using System.Text;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Tests.Integration;

/// <summary>The own password that comes along with a request is verified as a login is, and no service gets it (CPY-9).</summary>
[Trait("Rule", "CPY-9")]
public sealed class Own_passwords(Deployment deployment)
{
    [Fact]
    public async Task A_right_password_lets_a_copy_begin_and_is_not_passed_on()
    {
        var tenant = await deployment.TenantAsync();
        var user = await deployment.Client.SignInAsync(tenant.User, Deployment.Password);

        var begun = await CopyAsync(tenant.User, user, Deployment.Password);

        Assert.True(begun.Status == HttpStatusCode.Accepted, begun.Text);
        var id = (string)begun.Body!["id"]!;
        Assert.StartsWith("datacopy-", id, StringComparison.Ordinal);
        Assert.Equal($"/api/v1/jobs/{id}", begun["Location"]);
        Assert.Equal("queued", (string)(await deployment.Client.GetAsync($"/api/v1/jobs/{id}", user)).Body!["state"]!);
        Assert.Equal("queued", (string)(await deployment.Client.GetAsync($"/api/v1/accounts/{tenant.User}/copies/{id}", user)).Body!["state"]!);
        Assert.Equal(HttpStatusCode.Forbidden, (await deployment.Client.GetAsync($"/api/v1/accounts/{tenant.User}/copies", await deployment.OperatorAsync())).Status);
        await deployment.Client.MustAsync(HttpStatusCode.OK, HttpMethod.Delete, $"/api/v1/accounts/{tenant.User}/copies/{id}", user);
        Assert.Equal("cancelled", (string)(await deployment.Client.GetAsync($"/api/v1/jobs/{id}", user)).Body!["state"]!);
    }

    [Fact]
    public async Task A_wrong_password_is_refused_and_not_kept_as_the_answer()
    {
        var tenant = await deployment.TenantAsync();
        var user = await deployment.Client.SignInAsync(tenant.User, Deployment.Password);
        foreach (var wrong in new[] { "Wrong-1234-ab", null, "" })
        {
            var refused = await CopyAsync(tenant.User, user, wrong, ("Idempotency-Key", "k1"));
            Assert.Equal(((HttpStatusCode)422, "datacopy.own-password-wrong"), (refused.Status, refused.Code));
        }

        Assert.Equal(HttpStatusCode.Accepted, (await CopyAsync(tenant.User, user, Deployment.Password, ("Idempotency-Key", "k1"))).Status);
    }

    [Fact, Trait("Rule", "GWY-2")]
    public async Task Wrong_ones_count_as_failed_logins()
    {
        var tenant = await deployment.TenantAsync();
        var user = await deployment.Client.SignInAsync(tenant.User, Deployment.Password);
        for (var i = 0; i < 10; i++) Assert.Equal("datacopy.own-password-wrong", (await CopyAsync(tenant.User, user, $"Wrong-{i}-1234ab")).Code);

        Assert.Equal("sessions.too-many-attempts", (await CopyAsync(tenant.User, user, Deployment.Password)).Code);
        Assert.Equal("sessions.too-many-attempts", (await deployment.Client.TrySignInAsync(tenant.User, Deployment.Password)).Code);
    }

    [Fact]
    public async Task A_header_from_outside_proves_nothing_and_a_body_that_is_no_object_is_refused()
    {
        var tenant = await deployment.TenantAsync();
        var user = await deployment.Client.SignInAsync(tenant.User, Deployment.Password);

        var forged = await CopyAsync(tenant.User, user, null, (InternalHeaders.OwnPassword, InternalHeaders.Verified));

        Assert.Equal("datacopy.own-password-wrong", forged.Code);
        foreach (var body in new[] { "[1]", "{", "", """{"password":"a","password":"b"}""" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/accounts/{tenant.User}/copies") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            request.Headers.Authorization = new("Bearer", user);
            using var response = await deployment.Client.Http.SendAsync(request);
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        }
    }

    // A public address that nobody connects to, as no worker runs here.
    private Task<Reply> CopyAsync(string address, string token, string? password, params (string Name, string Value)[] headers)
        => deployment.Client.SendAsync(
            HttpMethod.Post, $"/api/v1/accounts/{address}/copies", token,
            new { password, source = new { host = "192.0.9.9", password = "of the source" }, notify = address }, headers);
}
