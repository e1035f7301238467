using System.Text;
using Hikyaku.Accounts.BulkRegistration;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.Files;
using Hikyaku.Accounts.Jobs;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.Tests.Specs;

public sealed class Judging_files
{
    private const string Good = "Hatsukoi-12ab";

    internal static readonly Domain Example = new()
    {
        Id = "example.jp",
        MaxAccounts = 10,
        MaxCapacityMb = 1000,
        DefaultCapacityMb = 100,
        AddedAt = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero),
    };

    [Fact, Trait("Rule", "ACC-9")]
    public void Every_problem_of_every_row_is_named_by_line_and_column()
    {
        var found = Judge(
            $"""
            mail_account,password,mail_capacity,comment
            taro,{Good},100,
            TARO,{Good},0,
            hanako,{Good},,
            taken,{Good},,
            going,{Good},,
            j,short,12x,
            saburo@other.jp,{Good},,
            shiro@EXAMPLE.jp,{Good},1001,
            ｇoro,{Good},１００,
            """);

        Assert.Equal(
            [
                "3 mail_account csv.duplicate", "3 mail_capacity accounts.capacity-range",
                "5 mail_account accounts.already-exists", "6 mail_account accounts.being-deleted",
                "7 mail_account accounts.name-length", "7 password accounts.password-too-short", "7 password accounts.password-no-upper",
                "7 password accounts.password-no-digit", "7 password accounts.password-no-symbol", "7 mail_capacity accounts.capacity-range",
                "8 mail_account accounts.other-domain", "9 mail_capacity accounts.capacity-range",
                "10 mail_account accounts.name-full-width", "10 mail_capacity accounts.capacity-range",
            ],
            found);
    }

    [Theory, Trait("Rule", "ACC-13")]
    [InlineData(3, 0, "4 mail_account accounts.domain-accounts-exceeded")]
    [InlineData(1, 750, "4 mail_capacity accounts.domain-capacity-exceeded")]
    public void A_limit_is_told_at_the_first_row_that_is_too_much(int roomForAccounts, long usedMb, string expected)
    {
        var rows = string.Join('\n', Enumerable.Range(0, 4).Select(i => $"user{i},{Good},100,"));
        var found = Judge($"mail_account,password,mail_capacity,comment\n{rows}", new DomainUsage(10 - roomForAccounts + (usedMb > 0 ? -8 : 1), usedMb));
        Assert.Equal([expected], found);
    }

    [Fact, Trait("Rule", "ACC-9")]
    public void More_than_a_thousand_problems_are_counted()
    {
        var content = Read("mail_account,password,mail_capacity\n" + string.Join('\n', Enumerable.Range(0, 1500).Select(i => $"user{i},,")), CsvKind.Registration);
        var problems = new FileProblems(content);
        RegistrationRules.Judge(new(Example, 100, new(0, 0), new Dictionary<string, AddressReservation>()), content, problems);
        Assert.Equal((JobProblems.Most, 1500 * 5), (problems.Shown.Count(), problems.Shown.Count() + problems.More));
    }

    [Fact, Trait("Rule", "N-7")]
    public void Stages_tell_where_a_job_is_and_where_it_ended()
    {
        Assert.Equal(["waiting", "waiting", "waiting", "waiting"], States(JobStates.Queued, null));
        Assert.Equal(["done", "running", "waiting", "waiting"], States(JobStates.Running, JobStages.Reserve));
        Assert.Equal(["failed", "waiting", "waiting", "waiting"], States(JobStates.Failed, JobStages.Check));
        Assert.Equal(["done", "done", "done", "done"], States(JobStates.Succeeded, JobStages.InForce));
        Assert.Null(JobStage.Of(AccountsJobs.All.Kind(JobKinds.AccountDeletion).Stages(false), JobStates.Running, null));
    }

    private static string[] States(string state, string? at) => [.. JobStage.Of(JobStages.OfRegistration(false), state, at)!.Select(s => s.State)];

    private static string[] Judge(string file, DomainUsage? usage = null)
    {
        var content = Read(file, CsvKind.Registration);
        var problems = new FileProblems(content);
        var reservations = new Dictionary<string, AddressReservation>
        {
            ["taken@example.jp"] = new() { Id = "taken@example.jp", AccountId = "a1", Life = 1 },
            ["going@example.jp"] = new() { Id = "going@example.jp", AccountId = "a2", Life = 1, BeingDeleted = true },
        };
        RegistrationRules.Judge(new(Example, 100, usage ?? new(0, 0), reservations), content, problems);
        return [.. problems.Shown.Select(p => $"{p.Line} {p.Column} {p.Code.Code}")];
    }

    private static CsvContent Read(string file, CsvKind kind) => CsvFile.Read(Encoding.UTF8.GetBytes(file.ReplaceLineEndings("\n")), kind);
}
