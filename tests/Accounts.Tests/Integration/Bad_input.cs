using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Hikyaku.Accounts.Tests.Integration;

public sealed class Bad_input(AccountsService accounts)
{
    public static TheoryData<string, byte[]> Malformed => new()
    {
        { "nothing", [] },
        { "no JSON", "name=taro"u8.ToArray() },
        { "cut off", """{"name":"taro","password":"""u8.ToArray() },
        { "an array", "[]"u8.ToArray() },
        { "null", "null"u8.ToArray() },
        { "a wrong type", """{"name":["taro"],"password":"Hatsukoi-12ab"}"""u8.ToArray() },
        { "a number as text", """{"name":"taro","password":"Hatsukoi-12ab","capacityMb":"100"}"""u8.ToArray() },
        { "half a MB", """{"name":"taro","password":"Hatsukoi-12ab","capacityMb":10.5}"""u8.ToArray() },
        { "a number beyond all", """{"name":"taro","password":"Hatsukoi-12ab","capacityMb":1e99}"""u8.ToArray() },
        { "an unknown field", """{"name":"taro","password":"Hatsukoi-12ab","admin":true}"""u8.ToArray() },
        { "a field twice", """{"name":"taro","name":"jiro","password":"Hatsukoi-12ab"}"""u8.ToArray() },
        { "a comment", """{"name":"taro"/* x */,"password":"Hatsukoi-12ab"}"""u8.ToArray() },
        { "invalid UTF-8", [.. """{"name":"ta"""u8, 0xC3, 0x28, .. """o","password":"Hatsukoi-12ab"}"""u8] },
        { "UTF-16", Encoding.Unicode.GetBytes("""{"name":"taro","password":"Hatsukoi-12ab"}""") },
        { "too deep", Encoding.ASCII.GetBytes($$"""{"name":{{new string('[', 2000)}}{{new string(']', 2000)}}}""") },
    };

    [Theory, MemberData(nameof(Malformed)), Trait("Rule", "GWY-3")]
    public async Task A_body_that_is_not_of_the_documented_form_is_400_and_quotes_nothing(string what, byte[] body)
    {
        var domain = await accounts.DomainAsync();
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        var reply = await accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", content);
        Assert.True(reply.Status == HttpStatusCode.BadRequest, $"{what}: {reply.Status} {reply.Text}");
        Assert.Equal("application/problem+json", reply.ContentType);
        Assert.Equal(["request.malformed"], reply.Codes);
        Assert.DoesNotContain("Hatsukoi", reply.Text, StringComparison.Ordinal);
        Assert.Equal(1, (await accounts.GetAsync($"/api/v1/domains/{domain}")).Body!["accounts"]!.GetValue<int>());
    }

    [Fact, Trait("Rule", "GWY-3")]
    public async Task Another_media_type_is_415()
    {
        using var content = new StringContent("name=taro", Encoding.UTF8, "application/x-www-form-urlencoded");
        var reply = await accounts.SendAsync(HttpMethod.Post, "/api/v1/domains", content);
        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "request.unsupported-media-type"), (reply.Status, reply.Codes.Single()));
    }

    [Fact, Trait("Rule", "GWY-3")]
    public async Task A_body_of_10_MB_is_413()
    {
        using var content = new StringContent($$"""{"name":"{{new string('x', 10_000_000)}}"}""", Encoding.UTF8, "application/json");
        // A client that asks before it sends hears the answer; one that does not may see its connection end.
        var reply = await accounts.SendAsync(HttpMethod.Post, "/api/v1/domains", content, null, ("Expect", "100-continue"));
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "request.too-large"), (reply.Status, reply.Codes.Single()));
    }

    [Fact, Trait("Rule", "ACC-1"), Trait("Rule", "ACC-2")]
    public async Task Missing_fields_break_the_rules_that_an_empty_text_breaks()
    {
        var reply = await accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{await accounts.DomainAsync()}/accounts", new { name = (string?)null });
        Assert.Equal(HttpStatusCode.UnprocessableEntity, reply.Status);
        Assert.Equal(
            [
                "accounts.name-length", "accounts.password-too-short", "accounts.password-no-lower", "accounts.password-no-upper",
                "accounts.password-no-digit", "accounts.password-no-symbol",
            ],
            reply.Codes);
    }

    [Theory, Trait("Rule", "ACC-1"), Trait("Rule", "GWY-3")]
    [InlineData("""{"name":"a\u0000b","password":"Hatsukoi-12ab"}""")]
    [InlineData("""{"name":"ab\ud800","password":"Hatsukoi-12ab"}""")]
    public async Task A_name_that_no_database_can_look_up_breaks_the_rule_for_names(string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        var reply = await accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{await accounts.DomainAsync()}/accounts", content);
        Assert.True(reply.Status is HttpStatusCode.UnprocessableEntity or HttpStatusCode.BadRequest, reply.Text);
        Assert.Contains(reply.Codes.Single(), new[] { "accounts.name-characters", "request.malformed" });
    }

    [Theory, Trait("Rule", "ACC-1"), Trait("Rule", "GWY-3")]
    [InlineData("""{"login":"a\u0000b","password":"Hatsukoi-12ab"}""")]
    [InlineData("""{"login":"ab\ud800","password":"Hatsukoi-12ab"}""")]
    public async Task A_login_that_no_database_can_look_up_breaks_the_rule_for_names(string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        var reply = await accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{await accounts.DomainAsync()}/administrators", content);
        Assert.True(reply.Status is HttpStatusCode.UnprocessableEntity or HttpStatusCode.BadRequest, reply.Text);
        Assert.Contains(reply.Codes.Single(), new[] { "accounts.name-characters", "request.malformed" });
    }

    [Theory, Trait("Rule", "ACC-15")]
    [InlineData("")]
    [InlineData("nodots")]
    [InlineData("-bad.example.jp")]
    [InlineData("under_score.example.jp")]
    [InlineData("two..dots.jp")]
    [InlineData("192.0.2.1")]
    [InlineData("a\u0000b.example.jp")]
    [InlineData("space in.example.jp")]
    public async Task A_domain_name_that_is_none_is_refused(string name)
    {
        var reply = await accounts.SendAsync(HttpMethod.Post, "/api/v1/domains", new { name, maxAccounts = 1, maxCapacityMb = 1, defaultCapacityMb = 1 });
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "domains.name-invalid"), (reply.Status, reply.Codes.Single()));
    }
}
