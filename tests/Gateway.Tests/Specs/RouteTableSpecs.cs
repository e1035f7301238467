using System.Text.RegularExpressions;
using Hikyaku.Gateway.Routing;
using Hikyaku.Gateway.Routing.Routes;
using Hikyaku.Gateway.Sessions;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Microsoft.AspNetCore.Routing;

namespace Hikyaku.Gateway.Tests.Specs;

[Trait("Rule", "ROLE-1")]
public sealed partial class RouteTableSpecs
{
    private static readonly RouteTable Table = RouteTable.With();

    public static TheoryData<string, string> Lines
    {
        get
        {
            var lines = new TheoryData<string, string>();
            foreach (var route in Table.Routes) lines.Add(route.Method, route.Pattern);
            return lines;
        }
    }

    [Fact]
    public void No_line_stands_twice()
        => Assert.Equal(Table.Routes.Count, Table.Routes.DistinctBy(r => (r.Method, r.Pattern)).Count());

    [Fact, Trait("Rule", "GWY-1")]
    public void Every_line_has_a_name_of_its_own_that_begins_with_a_verb()
    {
        Assert.Empty(Table.Routes.Where(r => !OperationName().IsMatch(r.Id)).Select(r => $"{r.Method} {r.Pattern}: {r.Id}"));
        Assert.Empty(Table.Routes.GroupBy(r => r.Id, StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1).Select(g => string.Join(", ", g.Select(r => $"{r.Method} {r.Pattern}: {r.Id}"))));
    }

    [Theory]
    [MemberData(nameof(Lines))]
    public void A_line_is_versioned_and_its_scope_is_what_its_path_names(string method, string pattern)
    {
        var route = Table.Find(method, pattern)!;
        var expected = pattern.Contains("{address}", StringComparison.Ordinal) ? Scope.Account
            : pattern.Contains("{name}", StringComparison.Ordinal) ? Scope.Domain
            : Scope.None;

        // Mail programs look at paths that others have laid down (CLI-2).
        Assert.True(pattern.StartsWith("/api/v1/", StringComparison.Ordinal) || route.IsOpen);
        Assert.Equal(expected, route.Scope);
        Assert.Subset(new HashSet<string> { Roles.Operator, Roles.Admin, Roles.User }, route.MayCall.ToHashSet());
    }

    [Fact]
    public void Every_service_has_a_file_of_its_own_and_its_lines_name_no_other()
    {
        Assert.Equal(DeployedProgram.All.Where(p => p.Keys.Contains("token")).Select(p => p.Name).Order(), Table.Services);
        Assert.Subset(Table.Services.Append(RouteTable.Own).Append(RouteTable.Shared).ToHashSet(), Table.Routes.Select(r => r.Service).ToHashSet());
        Assert.All(Table.Routes.Where(r => r.Service == RouteTable.Shared), r => Assert.NotEqual(Shares.None, r.Share));
    }

    [Fact]
    public void A_further_service_adds_its_lines_and_its_share_of_what_services_answer_together()
    {
        var table = RouteTable.With(new OneService("moods", Shares.Jobs, new GatewayRoute("listMoods", "GET", "/api/v1/moods", Scope.None, [Roles.Operator], "moods")));

        Assert.Equal(Table.Services.Append("moods").Order(), table.Services.Order());
        Assert.Equal(Table.Sharing(Shares.Jobs).Append("moods").Order(), table.Sharing(Shares.Jobs));
        Assert.Equal(Table.Sharing(Shares.AccountHistory), table.Sharing(Shares.AccountHistory));
        Assert.True(table.Answers("moods", table.Find("GET", "/api/v1/moods")!));
        Assert.True(table.Answers("moods", table.Find("GET", "/api/v1/jobs")!));
        Assert.False(table.Answers("moods", table.Find("GET", "/api/v1/accounts/{address}/history")!));
        Assert.False(table.Answers("feed", table.Find("GET", "/api/v1/jobs")!));
    }

    [Fact]
    public void A_further_service_cannot_take_the_line_of_another()
        => Assert.Throws<ArgumentException>(() => RouteTable.With(new OneService("another", Shares.None, Table.Find("GET", "/api/v1/domains")! with { Id = "listOthers" })));

    [Fact, Trait("Rule", "GWY-1")]
    public void A_further_service_cannot_take_the_name_of_anothers_line()
        => Assert.Throws<ArgumentException>(() => RouteTable.With(new OneService("another", Shares.None, Table.Find("GET", "/api/v1/domains")! with { Pattern = "/api/v1/others" })));

    [Fact]
    public void The_operator_may_do_all_that_needs_a_session_but_read_or_copy_mail()
        => Assert.Equal(
            ["POST /api/v1/accounts/{address}/forwarding-rules/preview"],
            Table.Routes.Where(r => !r.IsOpen && !r.MayCall.Contains(Roles.Operator)).Select(r => $"{r.Method} {r.Pattern}")
                .Where(r => !r.Contains("/accounts/{address}/copies", StringComparison.Ordinal)));

    [Fact, Trait("Rule", "ROLE-2")]
    public void What_a_path_is_forwarded_as_is_made_from_the_pattern_and_the_normalised_names()
    {
        var route = Table.Find("PUT", "/api/v1/domains/{name}/administrators/{login}/password")!;
        var values = new RouteValueDictionary { ["name"] = "EXAMPLE.jp", ["login"] = "a/../b c" };

        Assert.Equal(
            "/api/v1/domains/example.jp/administrators/a%2F..%2Fb%20c/password",
            route.PathFor(values, new Subject("example.jp", null)));
    }

    [Fact, Trait("Rule", "ROLE-2")]
    public void An_addresss_own_characters_stay_one_segment()
    {
        var route = Table.Find("GET", "/api/v1/accounts/{address}")!;

        Assert.Equal("/api/v1/accounts/taro%40example.jp", route.PathFor([], new Subject("example.jp", "taro@example.jp")));
    }

    [GeneratedRegex("^[a-z]+([A-Z][a-z]+)+$")]
    private static partial Regex OperationName();
}

/// <summary>A service that only a test has.</summary>
public sealed class OneService(string name, Shares shares, params IReadOnlyList<GatewayRoute> routes) : IServiceRoutes
{
    public string Service => name;

    public Shares Shares => shares;

    public IReadOnlyList<GatewayRoute> Routes => routes;
}

[Trait("Rule", "ROLE-2")]
public sealed class PathScopeSpecs
{
    private static readonly Session Operator = Session(Roles.Operator, "operator");
    private static readonly Session Admin = Session(Roles.Admin, "admin1", "example.jp", "xn--wgv71a119e.jp");
    private static readonly Session User = Session(Roles.User, "taro@example.jp");

    [Theory]
    [InlineData("example.jp", "example.jp")]
    [InlineData("EXAMPLE.JP", "example.jp")]
    [InlineData("ｅｘａｍｐｌｅ．ｊｐ", "example.jp")]
    [InlineData("日本語.jp", "xn--wgv71a119e.jp")]
    public void An_administrator_sees_their_domains_however_they_are_spelled(string typed, string domain)
    {
        Assert.Equal(new Subject(domain, null), PathScope.Judge(Scope.Domain, Admin, Name(typed)));
        Assert.Equal(new Subject(domain, $"taro@{domain}"), PathScope.Judge(Scope.Account, Admin, Address($"Taro@{typed}")));
    }

    [Theory]
    [InlineData("other.example.jp")]
    [InlineData("example.com")]
    [InlineData("jp")]
    [InlineData("")]
    [InlineData("a b.jp")]
    [InlineData("example.jp/x")]
    public void Anothers_domain_and_what_is_none_are_the_same(string typed)
    {
        Assert.Null(PathScope.Judge(Scope.Domain, Admin, Name(typed)));
        Assert.Null(PathScope.Judge(Scope.Account, Admin, Address($"taro@{typed}")));
    }

    [Theory]
    [InlineData("taro@example.jp", true)]
    [InlineData("TARO@Example.JP", true)]
    [InlineData("hanako@example.jp", false)]
    [InlineData("taro@example.com", false)]
    [InlineData("taro", false)]
    [InlineData("@example.jp", false)]
    public void A_user_sees_their_own_address_and_no_other(string typed, bool isOwn)
        => Assert.Equal(isOwn, PathScope.Judge(Scope.Account, User, Address(typed)) is not null);

    [Fact]
    public void A_user_sees_no_domain_not_even_their_own() => Assert.Null(PathScope.Judge(Scope.Domain, User, Name("example.jp")));

    [Fact]
    public void An_operator_sees_every_name_that_is_one()
    {
        Assert.NotNull(PathScope.Judge(Scope.Domain, Operator, Name("anything.example")));
        Assert.NotNull(PathScope.Judge(Scope.Account, Operator, Address("x@anything.example")));
        Assert.Null(PathScope.Judge(Scope.Account, Operator, Address("no address")));
    }

    [Fact]
    public void A_login_that_looks_like_anothers_address_gives_an_administrator_nothing()
        => Assert.Null(PathScope.Judge(Scope.Account, Session(Roles.Admin, "taro@example.com"), Address("taro@example.com")));

    private static RouteValueDictionary Name(string text) => new() { ["name"] = text };

    private static RouteValueDictionary Address(string text) => new() { ["address"] = text };

    private static Session Session(string role, string login, params string[] domains)
        => new(Guid.NewGuid(), role, login, null, domains, 0, false, "192.0.2.1", default, default);
}
