using Hikyaku.Gateway.Routing;
using Hikyaku.Gateway.Sessions;
using Hikyaku.Gateway.Tokens;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Tests.Specs;

[Trait("Rule", "GWY-2")]
public sealed class TokenSpecs
{
    private static readonly RouteTable Table = RouteTable.With();
    private static readonly DateTimeOffset Now = new(2026, 11, 30, 0, 0, 0, TimeSpan.Zero);
    private static readonly Session Admin = new(Guid.NewGuid(), Roles.Admin, "admin1", null, ["example.jp", "example.com"], 0, false, "192.0.2.1", Now, Now);
    private static readonly string[] Known =
        [.. typeof(TokenScopes).GetFields().Select(f => (string)f.GetValue(null)!)];

    public static TheoryData<string, string> Lines => [.. Table.Routes.Where(r => !r.IsOpen).Select(r => (r.Method, r.Pattern))];

    [Theory, Trait("Rule", "SEC-1")]
    [MemberData(nameof(Lines))]
    public void Every_line_that_needs_a_session_says_which_scope_a_token_needs(string method, string pattern)
    {
        var needs = Table.Find(method, pattern)!.Needs;

        Assert.Contains(needs, Known);
        if (needs is TokenScopes.AnyToken or TokenScopes.PeopleOnly) return;
        // What only looks is read, though a form may be sent for it; what changes something is write.
        Assert.Matches(method == "GET" ? "^[a-z]+:read$" : "^[a-z]+:(read|write)$", needs);
        if (method is "PUT" or "PATCH" or "DELETE") Assert.EndsWith(":write", needs, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_scope_is_needed_by_some_line()
        => Assert.Equal(Known.Order(), Table.Routes.Where(r => r.Needs is not null).Select(r => r.Needs!).Distinct().Order());

    [Theory]
    [InlineData("GET", "/api/v1/tokens")]
    [InlineData("POST", "/api/v1/tokens")]
    [InlineData("DELETE", "/api/v1/tokens/{id}")]
    [InlineData("PUT", "/api/v1/me/password")]
    [InlineData("GET", "/api/v1/me/sessions")]
    [InlineData("DELETE", "/api/v1/sessions/current")]
    public void No_token_makes_tokens_or_changes_how_its_owner_signs_in(string method, string pattern)
        => Assert.Equal(GatewayProblems.TokenNotForPeople, Token(Roles.Operator, Known).Refusal(Table.Find(method, pattern)!)?.Code);

    [Fact]
    public void A_users_token_does_not_change_the_users_password_and_an_administrators_may()
    {
        var route = Table.Find("PUT", "/api/v1/accounts/{address}/password")!;

        Assert.Equal(GatewayProblems.TokenNotForPeople, Token(Roles.User, Known).Refusal(route)?.Code);
        Assert.Null(Token(Roles.Admin, [TokenScopes.AccountsWrite]).Refusal(route));
    }

    [Fact]
    public void A_line_without_a_scope_is_closed_to_tokens()
        => Assert.NotNull(Token(Roles.Operator, Known).Refusal(new GatewayRoute("getNew", "GET", "/api/v1/new", Scope.None, [Roles.Operator], "accounts")));

    [Fact]
    public void A_token_for_some_domains_reaches_no_other_whatever_its_owners_role()
    {
        var boss = Token(Roles.Operator, Known) with { Only = ["example.jp"] };
        Assert.Null(boss.Refusal(Table.Find("GET", "/api/v1/domains/{name}")!));
        Assert.Equal(GatewayProblems.TokenDomainsOnly, boss.Refusal(Table.Find("GET", "/api/v1/domains")!)?.Code);
        Assert.Null(boss.Refusal(Table.Find("GET", "/api/v1/me")!));

        var session = new ApiToken(Guid.NewGuid(), "x", Known, ["example.jp", "example.net"], Roles.Admin, "admin1", null, ["example.jp", "example.com"], 0, false, "", Now, Now).AsSession;
        Assert.Equal(["example.jp"], session.Domains);
        Assert.True(session.Administers("example.jp"));
        Assert.False(session.Administers("example.com"));
        Assert.False(session.Administers("example.net"));
    }

    [Fact]
    public void A_tokens_text_is_recognised_and_found_by_the_hash_of_its_random_part()
    {
        var text = ApiToken.Create();

        Assert.Matches("^hky_[A-Za-z0-9_-]{43}$", text);
        Assert.True(ApiToken.IsOne(text));
        Assert.Equal(SessionToken.HashOf(text[4..]), ApiToken.HashOf(text));
        Assert.Null(ApiToken.HashOf("hky_short"));
        Assert.False(ApiToken.IsOne("hky_" + SessionToken.Create()[4..])); // a session's token may begin like that by chance
    }

    [Theory]
    [InlineData("", "accounts:read", null, "tokens.name-missing")]
    [InlineData("  ", "accounts:read", null, "tokens.name-missing")]
    [InlineData("a\nb", "accounts:read", null, "tokens.name-characters")]
    [InlineData("x", null, null, "tokens.scope-count")]
    [InlineData("x", "accounts:all", null, "tokens.scope-unknown")]
    [InlineData("x", "any", null, "tokens.scope-unknown")]
    [InlineData("x", "people", null, "tokens.scope-unknown")]
    [InlineData("x", "administrators:write", null, "tokens.scope-unknown")]
    [InlineData("x", "accounts:read", "example.net", "tokens.domain-unknown")]
    [InlineData("x", "accounts:read", "no domain", "tokens.domain-unknown")]
    [InlineData("バックアップ", "accounts:read", "ＥＸＡＭＰＬＥ．ＪＰ", null)]
    public void A_new_token_has_a_name_scopes_of_its_owners_role_and_domains_of_its_owner(string name, string? scope, string? domain, string? code)
    {
        var body = new MakeTokenBody(name, scope is null ? [] : [scope], domain is null ? null : [domain]);

        Assert.Equal(code is null ? [] : [code], NewToken.Broken(body, Admin, Table, Now).Select(b => b.Code.Code));
    }

    [Fact]
    public void All_broken_rules_of_a_new_token_are_named_with_their_fields()
    {
        var broken = NewToken.Broken(new(new string('x', 61), ["x", "accounts:read", null], [], Now), Admin, Table, Now);

        Assert.Equal(
            ["tokens.name-too-long name", "tokens.scope-unknown scopes[0]", "tokens.scope-unknown scopes[2]", "tokens.domain-count domains", "tokens.expiry-range expiresAt"],
            broken.Select(b => $"{b.Code.Code} {b.Field}"));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(0.001, true)]
    [InlineData(366 * 86_400, true)]
    [InlineData((366 * 86_400) + 1, false)]
    public void A_token_ends_in_the_future_and_within_a_year(double seconds, bool isGood)
        => Assert.Equal(isGood, NewToken.Broken(new("x", ["jobs:read"], null, Now.AddSeconds(seconds)), Admin, Table, Now).Count == 0);

    [Fact]
    public void A_token_whose_maker_names_no_end_lasts_90_days()
        => Assert.Equal(Now.AddDays(90), NewToken.Of(new("x", ["jobs:read"]), Admin, "192.0.2.1", Now).ExpiresAt);

    private static ApiToken Token(string role, string[] scopes)
        => new(Guid.NewGuid(), "x", scopes, null, role, "someone", null, [], 0, false, "192.0.2.1", Now, Now);
}
