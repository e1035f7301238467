using System.Globalization;
using Hikyaku.Accounts.Jobs;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.Tests.Specs;

[Trait("Rule", "NTC-1")]
public sealed class Wording_notices
{
    private static readonly DateTimeOffset Now = new(2026, 11, 25, 9, 0, 0, TimeSpan.Zero);

    public static TheoryData<string, string, bool, int?, string, string> Ends => new()
    {
        { JobKinds.BulkRegistration, JobStates.Succeeded, false, null, "Bulk registration, example.jp: 12 mail accounts registered.", "一括登録(example.jp): 12 件のメールアカウントを登録しました。" },
        { JobKinds.BulkRegistration, JobStates.Succeeded, true, null, "Bulk registration, example.jp: No mistakes. 12 can be registered.", "一括登録(example.jp): 誤りはありません。12 件を登録できます。" },
        { JobKinds.BulkRegistration, JobStates.Failed, false, 3, "Bulk registration, example.jp: Nothing was registered because of 3 mistakes.", "一括登録(example.jp): 3 件の誤りがあるため、何も登録していません。" },
        { JobKinds.BulkRegistration, JobStates.Failed, false, null, "Bulk registration, example.jp: Could not finish. You can run it again. Reference: r1", "一括登録(example.jp): 処理を完了できませんでした。もう一度実行できます。お問い合わせ番号: r1" },
        { JobKinds.BulkRegistration, JobStates.Cancelled, false, null, "Bulk registration, example.jp: Cancelled; nothing was changed.", "一括登録(example.jp): 中止しました。何も変更していません。" },
        { JobKinds.BulkChange, JobStates.Succeeded, false, null, "Bulk editing, example.jp: 12 changed, 2 that don't exist skipped.", "一括編集(example.jp): 12 件を変更しました。存在しない 2 件は無視しました。" },
        { JobKinds.BulkChange, JobStates.Succeeded, true, null, "Bulk editing, example.jp: No mistakes. 12 can be changed, 2 that don't exist would be skipped.", "一括編集(example.jp): 誤りはありません。12 件を変更できます。存在しない 2 件は無視されます。" },
        { JobKinds.BulkChange, JobStates.Failed, false, 3, "Bulk editing, example.jp: Nothing was changed because of 3 mistakes.", "一括編集(example.jp): 3 件の誤りがあるため、何も変更していません。" },
        { JobKinds.Undo, JobStates.Succeeded, false, null, "Undo, example.jp: 12 undone, 2 left as they are.", "元に戻す(example.jp): 12 件を元に戻しました。2 件はそのままです。" },
        { JobKinds.AccountDeletion, JobStates.Succeeded, false, null, "Deletion of accounts, example.jp: 12 mail account(s) deleted.", "アカウントの削除(example.jp): メールアカウント 12 件を削除しました。" },
        { JobKinds.DomainDeletion, JobStates.Succeeded, false, null, "Deletion of the domain, example.jp: 12 mail account(s) deleted.", "ドメインの削除(example.jp): メールアカウント 12 件を削除しました。" },
        { JobKinds.MailDataDeletion, JobStates.Succeeded, false, null, "Deletion of mail data, example.jp: Mail data deleted (3 MB freed).", "メールデータの削除(example.jp): メールデータを削除しました。(3 MB を解放)" },
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public void The_end_of_every_job_is_one_sentence_in_the_readers_language(string kind, string state, bool isDryRun, int? problems, string english, string japanese)
    {
        var result = state == JobStates.Succeeded ? ResultOf(kind) : null;
        var reference = state == JobStates.Failed && problems is null ? "r1" : null;
        var job = new JobView("accounts-1", kind, state, new(12, 14), null, "example.jp", null, result, null, null, problems, reference, isDryRun ? true : null, Now, Now);

        Assert.Equal(english, Text(job, "en"));
        Assert.Equal(japanese, Text(job, "ja"));
    }

    [Fact]
    public void A_job_about_one_account_names_it()
        => Assert.Equal(
            "Deletion of mail data, taro@example.jp: Mail data deleted (0 MB freed).",
            Text(new("accounts-1", JobKinds.MailDataDeletion, JobStates.Succeeded, new(0, 0), null, "example.jp", "taro@example.jp", new DeletedMail(0, null), null, null, null, null, null, Now, Now), "en"));

    private static object ResultOf(string kind) => kind switch
    {
        JobKinds.BulkRegistration => new RegisteredAccounts(12),
        JobKinds.BulkChange => new ChangedAccounts(12, 2),
        JobKinds.Undo => new UndoneAccounts(12, 2),
        JobKinds.AccountDeletion or JobKinds.DomainDeletion => new DeletedAccounts(12),
        _ => new DeletedMail(12, 2_500_000),
    };

    private static string Text(JobView job, string language) => JobNotices.Text(job, AccountsJobs.All.Kind(job.Kind), CultureInfo.GetCultureInfo(language));
}
