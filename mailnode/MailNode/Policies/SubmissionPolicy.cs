namespace Hikyaku.MailNode;

/// <summary>
/// Answers Postfix at each recipient of what people submit, and when a message is complete (SMTPD_POLICY_README; main.cf, $submissions).
/// While this agent is away Postfix takes the mail, each recipient a second later.
/// </summary>
public sealed class SubmissionPolicy(NodeSettings settings, Submissions submissions) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (settings.PolicyPort is not { } port) return;
        await submissions.LoadAsync(stoppingToken); // without the counts of before a restart the limit would begin anew
        await PolicyService.ServeAsync(port, (request, _) => Task.FromResult(submissions.Answer(request)), stoppingToken);
    }
}
