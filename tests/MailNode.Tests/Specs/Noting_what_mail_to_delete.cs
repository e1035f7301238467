using System.Text.Json;
using Hikyaku.Accounts.Contracts;
using Hikyaku.MailNode.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode.Tests.Specs;

public sealed class Noting_what_mail_to_delete : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);
    private static readonly Doveadm.Folder Inbox = new("inbox", 7, 101, 60), Sent = new("sent", 8, 5, 0);
    private readonly SqliteConnection _replica = EmptyReplica.Open();

    public void Dispose() => _replica.Dispose();

    [Fact, Trait("Rule", "ACC-6")]
    public void A_job_is_done_once_and_a_list_that_names_it_again_begins_nothing()
    {
        Watch(1, "job1");
        var job = Assert.Single(Unfinished());
        Assert.Null(job.SavedBefore);
        MailDeletions.Note(_replica, "mail1", job, 90, [Inbox, Sent]);
        Assert.Equal(90, Assert.Single(Unfinished()).SavedBefore);
        MailDeletions.Count(_replica, job, "inbox", 100, 60, 6000);
        // Killed here: what is counted is expunged again, and not counted again.
        var part = MailDeletions.Next(_replica, "a1");
        Assert.Equal(new MailDeletions.Part("inbox", 7, 101, 100, 0), part);
        MailDeletions.Expunged(_replica, job, "inbox", 100);
        Assert.Null(MailDeletions.Next(_replica, "a1"));
        MailDeletions.Finish(_replica, "mail1", job, Now);
        MailDeletions.Finish(_replica, "mail1", job, Now);

        EmptyReplica.Rows.List(_replica, "accounts", [State(2, "job1")], 50, Now);
        Assert.Empty(Unfinished());
        Assert.Equal([new MailDataDeleted("mail1", "a1", "job1", Now, 60, 6000)], Facts<MailDataDeleted>());
        Assert.Equal([new MailDataDeletionProgressed("mail1", "a1", "job1", 0, 60)], Facts<MailDataDeletionProgressed>());
    }

    [Fact, Trait("Rule", "ACC-6")]
    public void A_newer_job_takes_the_place_of_one_that_is_under_way()
    {
        Watch(1, "job1");
        var first = Assert.Single(Unfinished());
        MailDeletions.Note(_replica, "mail1", first, 90, [Inbox]);
        Watch(2, "job2");
        var second = Assert.Single(Unfinished());
        Assert.Equal(("job2", null), (second.JobId, second.SavedBefore));
        Assert.False(MailDeletions.Note(_replica, "mail1", first, 90, [Inbox])); // too late
        MailDeletions.Note(_replica, "mail1", second, 91, [Inbox with { UidNext = 201 }]);
        MailDeletions.Count(_replica, first, "inbox", 100, 60, 6000); // of the former, too late as well
        MailDeletions.Expunged(_replica, first, "inbox", 100);
        MailDeletions.Finish(_replica, "mail1", first, Now);
        Assert.Equal(new MailDeletions.Part("inbox", 7, 201, 0, 0), MailDeletions.Next(_replica, "a1"));
        Assert.Empty(Facts<MailDataDeleted>());
    }

    [Fact, Trait("Rule", "ACC-6")]
    public void A_job_has_the_time_of_its_request_whether_a_list_or_the_watch_brought_it()
    {
        EmptyReplica.Rows.List(_replica, "accounts", [State(1, "job1")], 50, Now);
        Assert.Equal((Now.AddHours(-1), null), (Assert.Single(Unfinished()).RequestedAt, Assert.Single(Unfinished()).SavedBefore));
        Watch(2, "job2");
        Assert.Equal((Now.AddHours(-1), null), (Assert.Single(Unfinished()).RequestedAt, Assert.Single(Unfinished()).SavedBefore));
    }

    [Fact, Trait("Rule", "ACC-6")]
    public void A_job_that_the_service_does_not_name_any_more_goes_no_further()
    {
        Watch(1, "job1");
        MailDeletions.Note(_replica, "mail1", Assert.Single(Unfinished()), 90, [Inbox]);
        Watch(2, null);
        Assert.Empty(Unfinished());
    }

    [Fact, Trait("Rule", "ACC-6")]
    public void Only_the_home_node_deletes_mail_and_none_does_after_the_accounts_deletion()
    {
        Watch(1, "job1", home: "mail2");
        Assert.Empty(Unfinished());
        Watch(2, "job1", home: "mail1");
        Assert.Single(Unfinished());
        EmptyReplica.Rows.Watch(_replica, State(3, null) with { Deleted = true }, Now);
        Assert.Empty(Unfinished());
    }

    [Fact, Trait("Rule", "ACC-6")]
    public void A_folder_that_was_made_anew_meanwhile_is_left_alone()
    {
        Watch(1, "job1");
        var job = Assert.Single(Unfinished());
        MailDeletions.Note(_replica, "mail1", job, 90, [Inbox, new("box", 9, 11, 10), new("kept", 9, 11, 10)]);
        MailDeletions.Skip(_replica, job, [Inbox with { UidValidity = 70 }, new("kept", 9, 20, 10)]);
        Assert.Equal("kept", MailDeletions.Next(_replica, "a1")!.Identity);
    }

    private void Watch(long version, string? job, string? home = null) => EmptyReplica.Rows.Watch(_replica, State(version, job) with { HomeNode = home }, Now);

    private static MailboxState State(long version, string? job)
        => new("a1", "taro@example.jp", "example.jp", 1, "hash", 10, version, version, false, null, job is null ? null : new MailDeletion(job, Now.AddHours(-1)));

    private List<MailDeletions.Job> Unfinished() => MailDeletions.Unfinished(_replica, "mail1", 10);

    private List<T> Facts<T>() => _replica.All("SELECT body FROM fact WHERE type = $1", r => JsonSerializer.Deserialize<T>(r.GetString(0), JsonSerializerOptions.Web)!, typeof(T).Name);
}
