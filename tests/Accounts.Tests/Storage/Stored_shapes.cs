using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.Jobs;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Accounts.Nodes;
using Hikyaku.Accounts.Staff;
using Hikyaku.Accounts.Storage;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Accounts.Tests.Storage;

/// <summary>Every stored event as JSON, with all data and with only the required data: a difference is a break of what is stored.</summary>
public sealed class Stored_shapes
{
    private static readonly DateTimeOffset At = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);

    private static readonly Dictionary<string, object> Samples = new()
    {
        ["mail-account-created.v1"] = new MailAccountCreated("0190", "taro@example.jp", "example.jp", 1, 512, "営業部", "c1", At, "mail1"),
        ["mail-account-created.v1.required"] = new MailAccountCreated("0190", "postmaster@example.jp", "example.jp", 1, 100, null, null, At),
        ["mail-account-password-changed.v1"] = new MailAccountPasswordChanged("c2", At),
        ["mail-account-password-forcibly-changed.v1"] = new MailAccountPasswordForciblyChanged("c3", "大量送信のため", At),
        ["mail-data-deletion-started.v1"] = new MailDataDeletionStarted("accounts-0191", At),
        ["mail-data-deletion-finished.v1"] = new MailDataDeletionFinished("accounts-0191", 1204, 5_242_880, At),
        ["mail-data-deletion-failed.v1"] = new MailDataDeletionFailed("accounts-0191", "4bf92f3577b34da6a3ce929d0e0e4736", At),
        ["job-queued.v1"] = new JobQueued("accounts-0194", JobKinds.Undo, "example.jp", true, At, "accounts-0193"),
        ["job-queued.v1.required"] = new JobQueued("accounts-0193", JobKinds.BulkRegistration, "example.jp", true, At),
        ["job-cancelled.v1"] = new JobCancelled(At),
        ["job-started.v1"] = new JobStarted("accounts-0191", JobKinds.MailDataDeletion, "example.jp", "0190", 1204, At),
        ["job-started.v1.required"] = new JobStarted("accounts-0192", JobKinds.AccountDeletion, "example.jp", null, 500, At),
        ["job-succeeded.v1"] = new JobSucceeded(1204, 5_242_880, At, 3),
        ["job-succeeded.v1.required"] = new JobSucceeded(500, null, At),
        ["job-succeeded.v1.result.required"] = new JobSucceeded(500, null, At, Result: JobResult.Of(new DeletedAccounts(500))),
        ["job-failed.v1"] = new JobFailed("4bf92f3577b34da6a3ce929d0e0e4736", At, 17),
        ["job-failed.v1.required"] = new JobFailed(null, At),
        ["mail-account-deletion-started.v1"] = new MailAccountDeletionStarted("accounts-0192", At),
        ["mail-account-deleted.v1"] = new MailAccountDeleted(At),
        ["mail-account-capacity-changed.v1"] = new MailAccountCapacityChanged(1024, At),
        ["mail-account-comment-changed.v1"] = new MailAccountCommentChanged("総務部", At),
        ["mail-account-comment-changed.v1.required"] = new MailAccountCommentChanged(null, At),
        ["domain-added.v1"] = new DomainAdded("example.jp", 100, 100_000, 100, At, new("h20261124a", "MIIBIjAN")),
        ["domain-added.v1.required"] = new DomainAdded("example.jp", 100, 100_000, 100, At),
        ["domain-deletion-started.v1"] = new DomainDeletionStarted("accounts-0192", At),
        ["domain-deleted.v1"] = new DomainDeleted(At),
        ["domain-limits-changed.v1"] = new DomainLimitsChanged(200, 200_000, 200, At),
        ["domain-administrator-appointed.v1"] = new DomainAdministratorAppointed("hanako", At),
        ["domain-administrator-dismissed.v1"] = new DomainAdministratorDismissed("hanako", At),
        ["domain-dkim-key-made.v1"] = new DomainDkimKeyMade("h20261124b", "MIIBIjAN", At),
        ["domain-dkim-key-activated.v1"] = new DomainDkimKeyActivated("h20261124b", At),
        ["staff-login-added.v1"] = new StaffLoginAdded("hanako", Roles.Admin, "c1", At),
        ["staff-password-changed.v1"] = new StaffPasswordChanged("c2", true, At),
        ["staff-second-factor-enrolled.v1"] = new StaffSecondFactorEnrolled(At),
        ["staff-second-factor-removed.v1"] = new StaffSecondFactorRemoved(At),
        ["staff-second-factor-reset.v1"] = new StaffSecondFactorReset("携帯電話の紛失", At),
        ["staff-recovery-codes-renewed.v1"] = new StaffRecoveryCodesRenewed(At),
        ["staff-recovery-code-used.v1"] = new StaffRecoveryCodeUsed(9, At),
        ["domain-second-factor-requirement-changed.v1"] = new DomainSecondFactorRequirementChanged(true, At),
        ["mail-node-registered.v1"] = new MailNodeRegistered("mail1", "10.0.0.1", 143, 110, 24, 12340, At),
        ["mail-node-moved.v1"] = new MailNodeMoved("10.0.0.2", 143, 110, 24, 12340, At),
        ["mail-node-retired.v1"] = new MailNodeRetired(At),
    };

    public static TheoryData<string> Names => [.. Samples.Keys];

    [Theory, MemberData(nameof(Names))]
    public void A_stored_event_keeps_its_shape(string name) => StoredShape.Match(name, Samples[name]);

    [Theory, MemberData(nameof(Names))]
    public void A_stored_event_is_read_back_whole(string name) => Assert.Equal(Samples[name], StoredShape.ReadBack(Samples[name]));

    [Fact]
    public void Every_stored_event_has_a_sample_under_its_stored_name() => StoredShape.AllHaveSamples("accounts", EventNames.All.Values, Samples.Keys);

    [Fact, Trait("Rule", "OPS-6")]
    public void Personal_fields_are_marked()
    {
        var marked = EventNames.All.Keys.SelectMany(t => t.GetProperties().Where(p => p.IsDefined(typeof(PersonalDataAttribute), false)).Select(p => $"{t.Name}.{p.Name}")).Order();
        Assert.Equal(
            [
                "DomainAdministratorAppointed.Login", "DomainAdministratorDismissed.Login", "MailAccountCommentChanged.Comment",
                "MailAccountCreated.Address", "MailAccountCreated.Comment", "MailAccountPasswordForciblyChanged.Reason",
                "StaffLoginAdded.Login", "StaffSecondFactorReset.Reason",
            ],
            marked);
    }

    [Fact]
    public void No_stored_event_holds_a_secret()
        => Assert.DoesNotContain(
            EventNames.All.Keys.SelectMany(t => t.GetProperties()),
            p => p.Name.Contains("Password", StringComparison.Ordinal) || p.Name.Contains("Hash", StringComparison.Ordinal) || p.Name.Contains("Private", StringComparison.Ordinal));
}
