using Hikyaku.Outbox;

// Stands for the mail servers of the internet in a local run: keeps what the platform sends out and shows it.
// SMTP on 127.0.0.1:Hikyaku:SmtpPort; HTTP where ASPNETCORE_URLS says.
var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton<CapturedMessages>();
var port = builder.Configuration.GetValue<int?>("Hikyaku:SmtpPort")
    ?? throw new InvalidOperationException("Hikyaku:SmtpPort is not set.");
builder.Services.AddHostedService(services => ActivatorUtilities.CreateInstance<SmtpListener>(services, port));

var app = builder.Build();
app.MapGet("/messages", (CapturedMessages messages) => messages.All());
app.MapDelete("/messages", (CapturedMessages messages) =>
{
    messages.Clear();
    return Results.NoContent();
});
app.MapGet("/health/ready", () => Results.Ok());
app.Run();
