using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode.Tests.Specs;

/// <summary>Dovecot's query, run on a replica, reads a login name as the API does.</summary>
public sealed class Reading_login_names : IDisposable
{
    private static readonly string[] Domains =
    [
        "example.jp", "mail.example.co.jp", "日本語.jp", "例え.テスト", "ガギグゲゴ.jp", "パーティー.jp", "bücher.example", "việt.example", "müller-straße.example", "한국.example",
    ];

    private readonly SqliteConnection _replica = EmptyReplica.Open();
    private readonly string _names = NamesOfSqlConf();

    public void Dispose() => _replica.Dispose();

    [Fact, Trait("Rule", "ACC-15")]
    public void Every_spelling_of_a_domain_is_read_as_the_api_reads_it()
    {
        var random = new Random(20261129);
        for (var i = 0; i < 3000; i++)
        {
            var login = SpelledAddress.Of($"taro@{Domains[random.Next(Domains.Length)]}", random, withBlanks: true);
            Assert.True(InternetNames.TryReadAddress(login, out var address, out var domain), login);
            var unicode = $"taro@{new IdnMapping().GetUnicode(domain)}";
            Assert.True(Names(login).Exists(n => n == address || n == unicode), $"{login} is {string.Join(" or ", Names(login))}, and not {unicode}");
        }
    }

    [Fact, Trait("Rule", "ACC-15")]
    public void Every_character_that_a_domain_may_have_is_read_as_the_api_reads_it()
    {
        var labels = Enumerable.Range(0x80, 0x30000 - 0x80).Where(Rune.IsValid).Select(c => new Rune(c))
            .Where(r => Rune.GetUnicodeCategory(r) is not (UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse))
            .Where(r => !IsPlain(r) || r.Value < 0x3100).Select(r => $"a{r}b").Where(l => InternetNames.TryReadDomain($"{l}.jp", out _));
        foreach (var some in labels.Chunk(16)) // a query takes longer than reading
        {
            var login = $"taro@{string.Join('.', some)}.jp";
            var domains = some.Select(l => InternetNames.TryReadDomain($"{l}.jp", out var domain) ? new IdnMapping().GetUnicode(domain)[..^3] : "");
            Assert.Contains($"taro@{string.Join('.', domains)}.jp", Names(login));
        }
    }

    [Theory, Trait("Rule", "ACC-15")]
    [InlineData("hanako@example.jp")]
    [InlineData("taro@example.jpx")]
    [InlineData("ｔａｒｏ@example.jp")] // in full width it is another name, for the API too
    [InlineData("taro@@example.jp")]
    [InlineData("taro@ｅｘａｍｐｌｅ@example.jp")]
    [InlineData("ta ro@example.jp")]
    [InlineData("taro")]
    [InlineData("")]
    [InlineData("' OR 1=1 --＠")]
    public void Another_name_is_another_name(string login) => Assert.DoesNotContain("taro@example.jp", Names(login));

    // Most ideographs and syllables have no other spelling.
    private static bool IsPlain(Rune rune) => Rune.GetUnicodeCategory(rune) == UnicodeCategory.OtherLetter && rune.ToString().IsNormalized(NormalizationForm.FormKC);

    private List<string> Names(string login)
        => _replica.All(_names.Replace("%u", login.Replace("'", "''", StringComparison.Ordinal), StringComparison.Ordinal), r => r.GetString(0));

    // The part of the query that reads the name, and what it has read.
    private static string NamesOfSqlConf()
    {
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "config", "dovecot", "sql.conf")).Replace("\\\n", "", StringComparison.Ordinal);
        return Regex.Match(text, "^password_query = (WITH .*?)  SELECT CASE", RegexOptions.Multiline).Groups[1].Value + " SELECT name FROM named";
    }
}
