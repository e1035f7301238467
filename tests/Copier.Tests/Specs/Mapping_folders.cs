using System.Text;

namespace Hikyaku.Copier.Tests.Specs;

public class Mapping_folders
{
    private static readonly Dictionary<FolderRole, string> Ours = new()
    {
        [FolderRole.Drafts] = "Drafts",
        [FolderRole.Sent] = "Sent",
        [FolderRole.Trash] = "Trash",
        [FolderRole.Junk] = "Junk",
        [FolderRole.Archive] = "Archive",
    };

    [Theory, Trait("Rule", "CPY-2")]
    [InlineData("Sent Items", "Sent")]
    [InlineData("送信済みトレイ", "Sent")]
    [InlineData("送信済みアイテム", "Sent")]
    [InlineData("下書き", "Drafts")]
    [InlineData("ごみ箱", "Trash")]
    [InlineData("迷惑メール", "Junk")]
    [InlineData("削除済みアイテム", "Trash")]
    [InlineData("アーカイブ", "Archive")]
    [InlineData("Gesendete Objekte", "Sent")]
    [InlineData("Éléments envoyés", "Sent")]
    [InlineData("E\u0301le\u0301ments envoye\u0301s", "Sent")]
    [InlineData("Отправленные", "Sent")]
    [InlineData("已发送", "Sent")]
    [InlineData("보낸 편지함", "Sent")]
    [InlineData("junk e-mail", "Junk")]
    [InlineData("SENT", "Sent")]
    [InlineData("ｓｅｎｔ", "Sent")]
    public void A_folder_with_a_purpose_goes_to_ours_by_its_name(string name, string destination)
        => Assert.Equal((destination, name == destination ? FolderChange.Same : FolderChange.ByPurpose), One(new(name, '/')));

    [Theory, Trait("Rule", "CPY-2")]
    [InlineData("Postausgang", FolderRole.Sent, "Sent")]
    [InlineData("何か", FolderRole.Trash, "Trash")]
    [InlineData("Sent", FolderRole.Junk, "Junk")]
    public void What_the_source_says_counts_more_than_the_name(string name, object role, string destination)
        => Assert.Equal(destination, One(new(name, '/', (FolderRole)role)).Destination);

    [Theory, Trait("Rule", "CPY-2")]
    [InlineData("Projects", "Projects", FolderChange.Same)]
    [InlineData("Projects/Sent", "Projects/Sent", FolderChange.Same)]
    [InlineData("Sent Items/2020", "Sent Items/2020", FolderChange.Same)]
    [InlineData("inbox", "INBOX", FolderChange.Same)]
    [InlineData(" Blanks /x", "Blanks/x", FolderChange.Renamed)]
    [InlineData("a//b", "a/_/b", FolderChange.Renamed)]
    [InlineData("~root", "_root", FolderChange.Renamed)]
    [InlineData("a/../b", "a/.._/b", FolderChange.Renamed)]
    [InlineData("x/cur", "x/cur_", FolderChange.Renamed)]
    [InlineData("50%*", "50__", FolderChange.Renamed)]
    [InlineData("tab\there\r\n\0", "tabhere", FolderChange.Renamed)]
    [InlineData("\u304b\u3099", "\u304c", FolderChange.Renamed)]
    public void A_path_is_kept_as_far_as_the_destination_can_have_it(string name, string destination, FolderChange change)
        => Assert.Equal((destination, change), One(new(name, '/')));

    [Fact, Trait("Rule", "CPY-2")]
    public void Separators_and_prefixes_are_the_destinations()
    {
        Assert.Equal(["INBOX", "A/B", "A/B_C", "INBOX"], Names(Plan("INBOX.", Folder("INBOX"), Folder("INBOX.A.B"), Folder("INBOX.A.B/C"), Folder("INBOX.INBOX"))));
        Assert.Equal(["INBOX", "A/B", "Sent"], Names(Plan("", Folder("INBOX"), Folder("INBOX.A.B"), Folder("INBOX.Sent Items"))));
        Assert.Equal(["B", "INBOX", "INBOX/A"], Names(Plan("", Folder("INBOX"), Folder("INBOX.A"), Folder("B"))));
        Assert.Equal(["A.B"], Names(Plan("", new SourceFolder("A.B", null))));
    }

    [Fact, Trait("Rule", "CPY-2")]
    public void Children_go_with_their_parents()
    {
        Assert.Equal(["Sent", "Sent/2020", "Sent/2020/May"], Names(Plan("", Folder("Sent Items"), Folder("Sent Items.2020"), Folder("Sent Items.2020.May"))));
        Assert.Equal(["Work", "Work/a", "work (2)", "work (2)/a"], Names(Plan("", Folder("Work"), Folder("Work.a"), Folder("work"), Folder("work.a"))));
    }

    [Fact, Trait("Rule", "CPY-2")]
    public void Names_that_differ_by_case_alone_get_numbers_in_any_order_of_listing()
    {
        SourceFolder[] folders = [Folder("WORK"), Folder("Work"), Folder("work"), Folder("work (2)")];

        var plans = Plan("", folders);
        var reversed = Plan("", [.. folders.Reverse()]);

        Assert.Equal(plans, reversed);
        Assert.Equal(4, plans.Select(p => p.Destination!).Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.Equal("WORK", plans[0].Destination);
    }

    [Fact, Trait("Rule", "CPY-2")]
    public void Folders_with_the_same_purpose_are_merged_and_reported()
    {
        var plans = Plan("", Folder("Sent"), Folder("Sent Items"), Folder("送信済みトレイ"), Folder("Other"));

        Assert.All(plans.Where(p => p.Destination == "Sent"), p => Assert.Equal(FolderChange.Merged, p.Change));
        Assert.Equal(3, plans.Count(p => p.Destination == "Sent"));
    }

    [Fact, Trait("Rule", "CPY-2")]
    public void Mere_parents_are_not_made()
        => Assert.Equal(["A/B"], Names(Plan("", new SourceFolder("A", '.', CanBeOpened: false), Folder("A.B"))));

    [Fact, Trait("Rule", "CPY-2")]
    public void Gmails_views_are_left_out_and_its_archive_is_what_has_no_label()
    {
        SourceFolder[] folders =
        [
            new("INBOX", '/'), new("[Gmail]", '/', CanBeOpened: false), new("[Gmail]/All Mail", '/', FolderRole.All), new("[Gmail]/Starred", '/', FolderRole.View),
            new("[Gmail]/Sent Mail", '/'), new("[Gmail]/ゴミ箱", '/', FolderRole.Trash), new("[Google Mail]/Spam", '/'), new("領収書/2024", '/'),
        ];

        var gmail = FolderMap.Plan(folders, "", Ours, '/', knowsLabels: true).ToDictionary(p => p.Source.Name);
        var other = FolderMap.Plan(folders, "", Ours, '/', knowsLabels: false).ToDictionary(p => p.Source.Name);

        Assert.Equal(("Archive", true), (gmail["[Gmail]/All Mail"].Destination, gmail["[Gmail]/All Mail"].UnlabelledOnly));
        Assert.Equal((null, FolderChange.LeftOut), (other["[Gmail]/All Mail"].Destination, other["[Gmail]/All Mail"].Change));
        Assert.Null(gmail["[Gmail]/Starred"].Destination);
        Assert.Equal(("Sent", "Trash", "Junk", "領収書/2024"), (gmail["[Gmail]/Sent Mail"].Destination, gmail["[Gmail]/ゴミ箱"].Destination, gmail["[Google Mail]/Spam"].Destination, gmail["領収書/2024"].Destination));
    }

    [Fact, Trait("Rule", "CPY-2")]
    public void Long_and_deep_names_are_shortened_and_stay_apart()
    {
        var (first, second) = (new string('長', 200), new string('長', 199) + "い");
        var deep = string.Join('.', Enumerable.Range(0, 40));

        var plans = Plan("", Folder(first), Folder(second), Folder(deep));

        Assert.Equal(3, plans.Select(p => p.Destination).Distinct().Count());
        Assert.All(plans, p => Assert.Equal(FolderChange.Renamed, p.Change));
        Assert.All(plans.SelectMany(p => p.Destination!.Split('/')), part => Assert.InRange(ModifiedUtf7.Encode(part).Length, 1, 255));
        Assert.All(plans, p => Assert.InRange(p.Destination!.Split('/').Length, 1, 16));
    }

    [Theory, Trait("Rule", "CPY-2")]
    [InlineData("INBOX", "INBOX")]
    [InlineData("A&B", "A&-B")]
    [InlineData("送信済みトレイ", "&kAFP4W4IMH8wyDDsMKQ-")]
    [InlineData("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-")]
    [InlineData("Réunion", "R&AOk-union")]
    [InlineData("😀", "&2D3eAA-")]
    public void Names_are_sent_in_modified_UTF_7(string name, string encoded) => Assert.Equal(encoded, ModifiedUtf7.Encode(name));

    [Theory, Trait("Rule", "CPY-4")]
    [InlineData("a\nb\n", "a\r\nb\r\n", true)]
    [InlineData("a\r\r\nb", "a\nb", true)]
    [InlineData("a\rb", "ab", false)]
    [InlineData("a\r", "a", false)]
    [InlineData("a\r\n", "a", false)]
    [InlineData("", "", true)]
    public void A_message_is_the_same_whatever_its_line_ends_are(string one, string other, bool same)
        => Assert.Equal(same, Digest(one) == Digest(other));

    [Fact, Trait("Rule", "CPY-4")]
    public void The_digest_of_a_long_message_is_that_of_its_text()
    {
        var text = string.Concat(Enumerable.Range(0, 40_000).Select(i => i % 7 == 0 ? "\r\n" : i % 11 == 0 ? "\r" : "abc"));

        Assert.Equal(Digest(text.Replace("\r\n", "\n", StringComparison.Ordinal)).Digest, Digest(text).Digest);
        Assert.Equal(("a\r\nb\r\n".Length, 3), ((int)Digest("a\nb\n").Bytes, (int)Digest("a\rb").Bytes));
    }

    private static (string Digest, long Bytes) Digest(string text) => ContentDigest.Of(new MemoryStream(Encoding.Latin1.GetBytes(text)));

    private static SourceFolder Folder(string name) => new(name, '.');

    private static IReadOnlyList<FolderPlan> Plan(string prefix, params SourceFolder[] folders) => FolderMap.Plan(folders, prefix, Ours, '/', knowsLabels: false);

    private static IEnumerable<string?> Names(IReadOnlyList<FolderPlan> plans) => plans.Select(p => p.Destination);

    private static (string? Destination, FolderChange Change) One(SourceFolder folder)
    {
        var plan = Assert.Single(FolderMap.Plan([folder], "", Ours, '/', knowsLabels: false));
        return (plan.Destination, plan.Change);
    }
}
