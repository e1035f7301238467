using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Hikyaku.Platform.Tests.Specs;

[Trait("Rule", "GWY-3")]
public partial class ProblemSpecs
{
    // Every status of a refusal that the API's page names.
    private static readonly int[] Statuses = [400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 423, 428, 429, 500, 503];
    private static readonly CultureInfo[] Languages = [CultureInfo.GetCultureInfo("en"), CultureInfo.GetCultureInfo("ja")];

    public static TheoryData<string> Codes => [.. PlatformProblems.All.Select(c => c.Code)];

    [Theory]
    [MemberData(nameof(Codes))]
    public void Every_code_has_both_texts_with_the_same_placeholders(string code)
    {
        var texts = Languages.Select(l => TextsIn(l)[code]).ToList();

        Assert.NotEqual(texts[0], texts[1]);
        Assert.Equal(Placeholders(texts[0]), Placeholders(texts[1]));
    }

    [Fact]
    public void No_text_is_without_use_and_none_is_missing()
    {
        var keys = PlatformProblems.All.Select(c => c.Code).Concat(Statuses.Select(s => $"title.{s}")).Order(StringComparer.Ordinal).ToList();

        foreach (var language in Languages) Assert.Equal(keys, TextsIn(language).Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_code_of_the_page_is_listed_once_and_its_status_has_a_title()
    {
        var fields = typeof(PlatformProblems).GetFields().Where(f => f.FieldType == typeof(ProblemCode)).Select(f => (ProblemCode)f.GetValue(null)!);

        Assert.Equal(fields.Select(c => c.Code).Order(StringComparer.Ordinal), PlatformProblems.All.Select(c => c.Code).Order(StringComparer.Ordinal));
        Assert.All(PlatformProblems.All, c => Assert.Contains(c.Status, Statuses));
    }

    [Theory]
    [InlineData("", "en")]
    [InlineData("ja", "ja")]
    [InlineData("JA-jp", "ja")]
    [InlineData("en", "en")]
    [InlineData("en-GB", "en")]
    [InlineData("de", "en")]
    [InlineData("*", "en")]
    [InlineData("ja,en", "ja")]
    [InlineData("en,ja", "en")]
    [InlineData("en;q=0.5,ja;q=0.9", "ja")]
    [InlineData("ja;q=0.1,en;q=0.2", "en")]
    [InlineData("de, ja;q=0.5, en;q=0.1", "ja")]
    [InlineData("ja;q=0", "en")]
    [InlineData("ja;q=0, en;q=0.1", "en")]
    [InlineData("jam, en", "en")] // Jamaican
    [InlineData("ja;;q=x,,,", "en")]
    public void The_callers_language_is_chosen_by_weight(string acceptLanguage, string expected)
    {
        var http = new DefaultHttpContext();
        http.Request.Headers.AcceptLanguage = acceptLanguage;

        Assert.Equal(expected, Problems.LanguageOf(http.Request).Name);
    }

    [Fact]
    public async Task A_problem_names_every_broken_rule_in_the_callers_language()
    {
        var (response, body) = await Answer("ja", Problems.Of([new(PlatformProblems.BadParameter, "limit", ("name", "limit")), new(PlatformProblems.Stale)]));

        Assert.Equal((400, "application/problem+json", "ja"), (response.StatusCode, response.ContentType, response.Headers.ContentLanguage.ToString()));
        Assert.Equal("urn:hikyaku:problem:request.bad-parameter", body.GetProperty("type").GetString());
        Assert.Equal(400, body.GetProperty("status").GetInt32());
        Assert.Equal("リクエストを読み取れませんでした。", body.GetProperty("title").GetString());
        Assert.Equal("「limit」の値を読み取れません。読み取った後に変更されています。もう一度読み込んでください。", body.GetProperty("detail").GetString());
        var errors = body.GetProperty("errors").EnumerateArray().ToList();
        Assert.Equal(["request.bad-parameter", "request.stale"], errors.Select(e => e.GetProperty("code").GetString()));
        Assert.Equal("limit", errors[0].GetProperty("field").GetString());
        Assert.False(errors[1].TryGetProperty("field", out _));
    }

    [Fact]
    public async Task A_text_stands_for_its_value_to_the_letter()
    {
        var (_, body) = await Answer("en", Problems.Of(PlatformProblems.BadParameter, null, ("name", "{other} <b>"), ("other", "x")));

        Assert.Equal("\"{other} <b>\" can't be read.", body.GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("taro@example.jp", "taro@example.jp")]
    [InlineData("a b, c", "a b, c")]
    [InlineData("営業部\u3099", "営業部\u3099")] // a mark on a letter is seen
    [InlineData("\u00A0", "U+00A0")]
    [InlineData(" ", "U+0020")]
    [InlineData("  ", "[U+0020][U+0020]")]
    [InlineData("\u3099", "U+3099")]
    [InlineData("ta\u200Bro\u00A0@\u3000", "ta[U+200B]ro[U+00A0]@[U+3000]")]
    [InlineData("\u202Emoc\u0007\n", "[U+202E]moc[U+0007][U+000A]")]
    [InlineData("葛\uDB40\uDD00\uE000\u3164", "葛[U+E0100][U+E000][U+3164]")]
    public async Task A_character_that_nobody_sees_stands_as_its_code(string value, string shown)
    {
        var (_, body) = await Answer("en", Problems.Of(PlatformProblems.BadParameter, null, ("name", value)));

        Assert.Equal($"\"{shown}\" can't be read.", body.GetProperty("detail").GetString());
        Assert.Equal($"\"{shown}\" can't be read.", body.GetProperty("errors")[0].GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("request.too-many", "7")]
    [InlineData("platform.unavailable", "5")]
    public async Task When_to_try_again_is_told(string code, string seconds)
    {
        var (response, _) = await Answer("en", Problems.Of(PlatformProblems.All.Single(c => c.Code == code), null, ("n", 7)));

        Assert.Equal(seconds, response.Headers.RetryAfter);
    }

    private static async Task<(HttpResponse Response, JsonElement Body)> Answer(string language, IResult result)
    {
        await using var services = new ServiceCollection().AddLogging().BuildServiceProvider();
        var http = new DefaultHttpContext { RequestServices = services };
        http.Request.Headers.AcceptLanguage = language;
        http.Response.Body = new MemoryStream();
        await result.ExecuteAsync(http);
        http.Response.Body.Position = 0;
        return (http.Response, (await JsonDocument.ParseAsync(http.Response.Body)).RootElement);
    }

    private static Dictionary<string, string> TextsIn(CultureInfo language)
    {
        var texts = PlatformProblems.Fault.Texts;
        // English is the neutral language of the resources.
        var set = texts.GetResourceSet(language.Name == "en" ? CultureInfo.InvariantCulture : language, createIfNotExists: true, tryParents: false)!;
        return set.Cast<System.Collections.DictionaryEntry>().ToDictionary(e => (string)e.Key, e => (string)e.Value!);
    }

    private static IEnumerable<string> Placeholders(string text) => Placeholder().Matches(text).Select(m => m.Value).Order(StringComparer.Ordinal);

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Placeholder();
}
