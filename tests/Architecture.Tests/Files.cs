using System.Text.RegularExpressions;
using Xunit;

namespace Hikyaku.Architecture.Tests;

public partial class Files
{
    private const int MaxLines = 350;

    [Fact]
    public void No_file_is_longer_than_one_can_overlook()
    {
        var files = new[] { "services", "gateway", "mailnode", "webmail" }.SelectMany(f => Repository.Files(f, "*.cs")).ToList();

        Assert.NotEmpty(files);
        Assert.Empty(files.Where(f => IsTooLong(File.ReadLines(f))).Select(f => Path.GetRelativePath(Repository.Root, f)));
    }

    [Fact]
    public void A_long_file_is_found()
    {
        Assert.False(IsTooLong(Enumerable.Repeat("", MaxLines)));
        Assert.True(IsTooLong(Enumerable.Repeat("", MaxLines + 1)));
    }

    [Fact]
    public void Every_path_that_a_page_links_to_exists()
    {
        var pages = Repository.Files("docs", "*.md").Concat(Directory.EnumerateFiles(Repository.Root, "*.md")).ToList();

        Assert.NotEmpty(pages);
        Assert.Empty(pages.SelectMany(p => DeadLinks(p, File.ReadAllText(p))));
    }

    [Theory]
    [InlineData("See [it](nowhere.md).", 1)]
    [InlineData("See [it](../nowhere.md#part) and [that](/nowhere).", 2)]
    [InlineData("[picture]: nowhere.png", 1)]
    [InlineData("![picture](nowhere.png \"title\")", 1)]
    [InlineData("[a](https://example.jp/nowhere.md) [b](#part) [c](mailto:x@example.jp) [d](../platform.sln) [e](../platform/Platform/)", 0)]
    [InlineData("`[x](nowhere)`", 0)]
    [InlineData("```\n[x](nowhere)\n```", 0)]
    public void A_dead_link_is_found(string text, int dead)
        => Assert.Equal(dead, DeadLinks(Path.Combine(Repository.Root, "docs", "page.md"), text).Count());

    [Fact]
    public void Every_test_of_two_sizes_is_run_in_its_full_one()
    {
        var faults = FaultsOfCampaigns(File.ReadAllText(Path.Combine(Repository.Root, "deploy", "local", "test.sh")), Repository.Files("tests", "*.cs").Select(File.ReadAllText));

        Assert.Empty(faults);
    }

    [Fact]
    public void A_size_that_is_never_the_full_one_is_found()
    {
        const string script = "campaigns=([kills]=30 [mails]=50)";
        const string kills = "Campaign.Size(\"kills\", 3) Trait(\"Size\", \"kills\")";
        const string mails = "Campaign.Size(\"mails\", 5) Trait(\"Size\", \"mails\")";

        Assert.Empty(FaultsOfCampaigns(script, [kills, mails, "no size"]));
        Assert.Equal(["kills: not in one file", "mails: not in one file"], FaultsOfCampaigns(script, [kills, kills]));
        Assert.Equal(["mails: read without its trait or the other way round"], FaultsOfCampaigns(script, [kills, mails[..30]]));
        Assert.Equal(["logins: without a full size"], FaultsOfCampaigns(script, [kills, mails, mails.Replace("mails", "logins", StringComparison.Ordinal)]));
    }

    private static IEnumerable<string> FaultsOfCampaigns(string script, IEnumerable<string> tests)
    {
        var full = FullSize().Matches(script).Select(m => m.Groups[1].Value).ToList();
        var found = new List<string>();
        foreach (var test in tests)
        {
            var (read, traits) = (NamesOf(SizeRead(), test), NamesOf(SizeTrait(), test));
            foreach (var name in read.Except(traits).Union(traits.Except(read))) yield return $"{name}: read without its trait or the other way round";
            found.AddRange(read.Union(traits));
        }

        foreach (var name in found.Except(full)) yield return $"{name}: without a full size";
        foreach (var name in full.Where(f => found.Count(n => n == f) != 1)) yield return $"{name}: not in one file";
    }

    private static List<string> NamesOf(Regex pattern, string text) => [.. pattern.Matches(text).Select(m => m.Groups[1].Value).Distinct()];

    private static bool IsTooLong(IEnumerable<string> lines) => lines.Take(MaxLines + 1).Count() > MaxLines;

    private static IEnumerable<string> DeadLinks(string page, string text)
        => Link().Matches(Code().Replace(text, "")).Select(m => m.Groups[1].Value + m.Groups[2].Value)
            .Where(target => !Elsewhere().IsMatch(target))
            .Select(target => Uri.UnescapeDataString(target.Split('#')[0]))
            .Where(target => !Path.Exists(target.StartsWith('/') ? Repository.Root + target : Path.Combine(Path.GetDirectoryName(page)!, target)))
            .Select(target => $"{Path.GetRelativePath(Repository.Root, page)} → {target}");

    [GeneratedRegex(@"\]\(<?([^)\s>]+)|^\[[^\]]+\]:\s*(\S+)", RegexOptions.Multiline)]
    private static partial Regex Link();

    [GeneratedRegex(@"^```.*?^```|`[^`\n]*`", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex(@"\[([a-z]+)\]=\d+")]
    private static partial Regex FullSize();

    [GeneratedRegex("Campaign\\.Size\\(\"([a-z]+)\"")]
    private static partial Regex SizeRead();

    [GeneratedRegex("Trait\\(\"Size\", \"([a-z]+)\"\\)")]
    private static partial Regex SizeTrait();

    [GeneratedRegex("^([a-z][a-z0-9+.-]*:|#)", RegexOptions.IgnoreCase)]
    private static partial Regex Elsewhere();
}
